namespace KvCache.Gpu.Cuda;

/// <summary>Choices for decode that only measurements can make well.</summary>
/// <param name="Block">The make-up of a block.</param>
/// <param name="Granule">See <see cref="TensorSplit"/>.</param>
/// <param name="Waves">How often the device is filled with blocks by a single long row.</param>
internal sealed record TensorTuning(DecodeBlock Block, int Granule, int Waves)
{
    private const int SegmentLimit = 128;

    /// <summary>The choices where nothing was measured.</summary>
    /// <remarks>A segment of 128 positions gives each of four warps two tiles: enough under way to hide the memory's latency, and its
    /// partial sums are 1/16 of what it reads for a group of four.</remarks>
    public static TensorTuning DefaultOf(int dim) => new(DecodeBlock.DefaultOf(dim), Granule: 128, Waves: 1);

    /// <summary>How rows are cut on a device that has so many blocks at work at once.</summary>
    public TensorSplit Split(int blocks) => new(Granule, blocks * Waves, SegmentLimit);
}
