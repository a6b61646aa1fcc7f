namespace KvCache.Cuda.Mapping;

/// <summary>A reserved range of addresses, and what is mapped at each chunk's length of it.</summary>
internal sealed class CudaReservation(nint address, long bytes, int places)
{
    /// <summary>Nothing is mapped.</summary>
    public const int Empty = -1;

    /// <summary>Nothing is mapped as far as the user is concerned, but the driver has refused to take the last mapping away.</summary>
    public const int Stale = -2;

    public nint Address => address;

    public long Bytes => bytes;

    /// <summary>The number of the chunk mapped at each place, or <see cref="Empty"/> or <see cref="Stale"/>.</summary>
    public int[] Places { get; } = CreateEmpty(places);

    /// <summary>Whether the user has given the range back, although the driver has not taken it.</summary>
    public bool IsReleased { get; set; }

    private static int[] CreateEmpty(int places)
    {
        int[] empty = new int[places];
        Array.Fill(empty, Empty);
        return empty;
    }
}
