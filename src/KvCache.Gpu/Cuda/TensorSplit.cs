using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>How rows that are decoded are cut into segments.</summary>
/// <param name="Granule">Positions of which a segment's are a multiple; a multiple of 64, so that no tile lies in two.</param>
/// <param name="BusyBlocks">Blocks that keep the device busy: a single row is cut into segments for as many.</param>
/// <param name="Limit">Segments of a row, at most: more cost more to bring together than they gain.</param>
internal readonly record struct TensorSplit(int Granule, int BusyBlocks, int Limit)
{
    /// <summary>The plan where a segment of a row has so many blocks: KV heads × parts of their groups.</summary>
    public SegmentPlan PlanFor(int units) => new()
    {
        Granule = Granule,
        Limit = Math.Clamp((BusyBlocks + units - 1) / units, 1, Limit),
    };
}
