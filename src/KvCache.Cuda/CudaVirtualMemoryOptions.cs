namespace KvCache.Cuda;

/// <summary>How a <see cref="CudaVirtualMemory"/> is made.</summary>
public sealed record CudaVirtualMemoryOptions
{
    /// <summary>Gets the bytes of a chunk: a power of two and a multiple of the driver's granularity.</summary>
    /// <value>Default: 0, the granularity that the driver recommends (2 MiB on GPUs so far).</value>
    public long ChunkBytes { get; init; }

    /// <summary>Gets how many chunks there can be; at least 1.</summary>
    /// <value>Default: 0, as many as the device's whole memory holds.</value>
    public int ChunkCapacity { get; init; }

    /// <summary>Gets the number of spare chunks below which more are created ahead, by a thread of their own; 0 … <see cref="SpareChunksHigh"/>.</summary>
    /// <value>Default: 0; with <see cref="SpareChunksHigh"/> at 0, nothing is created ahead and there is no thread.</value>
    public int SpareChunksLow { get; init; }

    /// <summary>Gets the number of spare chunks up to which they are created ahead; at least 0.</summary>
    /// <value>Default: 0. Spare chunks are physical memory beside <see cref="CudaVirtualMemory.CreatedChunks"/>.</value>
    public int SpareChunksHigh { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ChunkCapacity);
        ArgumentOutOfRangeException.ThrowIfNegative(SpareChunksHigh);
        if (SpareChunksLow < 0 || SpareChunksLow > SpareChunksHigh)
        {
            throw new ArgumentOutOfRangeException(
                nameof(SpareChunksLow), SpareChunksLow, $"SpareChunksLow is {SpareChunksLow}; expected 0 … {SpareChunksHigh}, which is SpareChunksHigh.");
        }
    }
}
