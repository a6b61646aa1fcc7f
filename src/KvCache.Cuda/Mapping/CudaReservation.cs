namespace KvCache.Cuda.Mapping;

/// <summary>A reserved range of addresses, and what is mapped in it.</summary>
internal sealed class CudaReservation(nint address, long bytes, int places)
{
    public nint Address => address;

    public long Bytes => bytes;

    public CudaPlaces Places { get; } = new(places);

    /// <summary>Whether the user has given the range back, although the driver has not taken it.</summary>
    public bool IsReleased { get; set; }
}
