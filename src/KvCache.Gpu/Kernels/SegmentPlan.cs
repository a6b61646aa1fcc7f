namespace KvCache.Gpu.Kernels;

/// <summary>How a row that is decoded is cut into segments: by its own length alone, so that a batch changes no bits of a row.</summary>
internal struct SegmentPlan
{
    /// <summary>A segment's positions are a multiple of these.</summary>
    public int Granule;

    /// <summary>Segments of a row, at most.</summary>
    public int Limit;

    /// <summary>The positions of a segment, but for the last.</summary>
    public readonly int SegmentTokens(int length)
    {
        int granules = (int)(((long)length + Granule - 1) / Granule);
        return Math.Max(1, (granules + Limit - 1) / Limit) * Granule;
    }

    /// <summary>The segments of a row.</summary>
    public readonly int Segments(int length)
    {
        int tokens = SegmentTokens(length);
        return (int)(((long)length + tokens - 1) / tokens);
    }
}
