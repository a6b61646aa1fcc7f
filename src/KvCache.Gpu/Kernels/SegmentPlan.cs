namespace KvCache.Gpu.Kernels;

/// <summary>How a row that is decoded is cut into segments: by its own length alone, so that a batch changes no bits of a row.</summary>
internal struct SegmentPlan
{
    /// <summary>A segment's positions are a multiple of these.</summary>
    public int Granule;

    /// <summary>Segments of a row, at most.</summary>
    public int Limit;

    /// <summary>The positions of a segment, but for the last.</summary>
    public readonly int SegmentTokens(int length) => Math.Max(1, (Granules(length) + Limit - 1) / Limit) * Granule;

    /// <summary>The segments of a row.</summary>
    public readonly int Segments(int length)
    {
        int tokens = SegmentTokens(length);
        return (int)(((long)length + tokens - 1) / tokens);
    }

    /// <summary>The segments that a row of at most so many positions has at most.</summary>
    public readonly int MostSegments(int length) => Math.Min(Limit, Granules(length));

    private readonly int Granules(int length) => (int)(((long)length + Granule - 1) / Granule);
}
