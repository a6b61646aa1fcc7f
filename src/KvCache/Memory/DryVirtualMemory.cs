namespace KvCache.Memory;

/// <summary>A virtual memory of addresses without bytes, for planning and simulation: chunks are counted, nothing is behind them.</summary>
/// <remarks>
/// Its device is a <see cref="DryDevice"/>; reading or writing through its addresses is an error that the processor reports. It counts, and
/// does not check that a mapping was there or a chunk was created. Any thread.
/// </remarks>
public sealed class DryVirtualMemory : IVirtualMemory
{
    // Addresses of a user process end at 2^47 on common systems: nothing is ever mapped from here on.
    private const long FirstAddress = 1L << 47;
    private readonly Lock _gate = new();
    private long _next = FirstAddress;
    private int _created;

    /// <summary>Makes a memory.</summary>
    /// <param name="chunkBytes">Bytes of a chunk; a power of two.</param>
    /// <param name="chunkCapacity">How many chunks there can be; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public DryVirtualMemory(long chunkBytes, int chunkCapacity)
    {
        if (chunkBytes < 1 || !System.Numerics.BitOperations.IsPow2(chunkBytes))
        {
            throw new ArgumentOutOfRangeException(nameof(chunkBytes), chunkBytes, $"chunkBytes is {chunkBytes}; expected a power of two.");
        }

        Throw.IfLessThan(chunkCapacity, 1, nameof(chunkCapacity), nameof(chunkCapacity));
        ChunkBytes = chunkBytes;
        ChunkCapacity = chunkCapacity;
    }

    /// <inheritdoc/>
    public string Name => "dry";

    /// <inheritdoc/>
    public IKvDevice Device { get; } = new DryDevice();

    /// <inheritdoc/>
    public long ChunkBytes { get; }

    /// <inheritdoc/>
    public int ChunkCapacity { get; }

    /// <inheritdoc/>
    public int CreatedChunks => Volatile.Read(ref _created);

    /// <inheritdoc/>
    public int MappingBudget => int.MaxValue;

    /// <inheritdoc/>
    public bool TryReserve(long bytes, out nint address)
    {
        if (bytes <= 0 || bytes % ChunkBytes != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytes), bytes, $"bytes is {bytes}; expected a positive multiple of {ChunkBytes}, the bytes of a chunk.");
        }

        lock (_gate)
        {
            long first = (_next + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
            bool fits = bytes <= long.MaxValue - first;
            address = fits ? (nint)first : 0;
            _next = fits ? first + bytes : _next;
            return fits;
        }
    }

    /// <inheritdoc/>
    public void Release(nint address, long bytes)
    {
    }

    /// <inheritdoc/>
    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            bool fits = chunks.Length <= ChunkCapacity - _created;
            _created += fits ? chunks.Length : 0;
            return fits;
        }
    }

    /// <inheritdoc/>
    public void Destroy(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            _created -= chunks.Length;
        }
    }

    /// <inheritdoc/>
    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable) => true;

    /// <inheritdoc/>
    public void Unmap(nint address, int count)
    {
    }

    /// <inheritdoc/>
    public KvFence RecordFence() => default;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
