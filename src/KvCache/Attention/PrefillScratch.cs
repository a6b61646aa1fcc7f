namespace KvCache.Attention;

/// <summary>A worker's memory while it attends for a block of queries of one KV head.</summary>
/// <remarks>Queries stand in panels, as many side by side as a block of the matrix kernel has columns.</remarks>
internal readonly unsafe struct PrefillScratch
{
    /// <summary>Positions that are scored before softmax is brought up to date; a multiple of the matrix kernel's rows.</summary>
    public const int Tile = 96;

    public PrefillScratch(float* memory, int queries, int keyDim, int valueDim, int panel)
    {
        Queries = memory;
        OutputStride = RoundUp(valueDim, panel);
        Scores = Queries + ((long)queries * keyDim);
        Sums = Scores + (Tile * panel);
        Keys = Sums + ((long)queries * OutputStride);
        Values = Keys + RoundUp(Tile * keyDim, panel);
        Largest = Values + ((long)Tile * OutputStride);
        Totals = Largest + queries;
        Limits = Totals + queries;
        Kept = Limits + queries;
    }

    /// <summary>Scaled queries: [panel][dim][query].</summary>
    public float* Queries { get; }

    /// <summary>A panel's scores, then weights, for a tile: [position][query].</summary>
    public float* Scores { get; }

    /// <summary>Weighted values so far: [query][dim], rows of <see cref="OutputStride"/>.</summary>
    public float* Sums { get; }

    public int OutputStride { get; }

    /// <summary>A tile's keys: [position][dim].</summary>
    public float* Keys { get; }

    /// <summary>A tile's values: [panel of dims][position][dim].</summary>
    public float* Values { get; }

    /// <summary>The largest score so far, per query.</summary>
    public float* Largest { get; }

    /// <summary>The total of the weights so far, per query.</summary>
    public float* Totals { get; }

    /// <summary>How many positions of the present tile each query may see; at or below 0 none.</summary>
    public float* Limits { get; }

    /// <summary>What the present tile leaves of the sums, per query of a panel.</summary>
    public float* Kept { get; }

    /// <summary>The floats it takes; queries are a multiple of the panel.</summary>
    public static long Floats(int queries, int keyDim, int valueDim, int panel)
    {
        long outputStride = RoundUp(valueDim, panel);
        return ((long)queries * (keyDim + outputStride + 3)) + ((Tile + 1) * (long)panel) + RoundUp(Tile * keyDim, panel) + (Tile * outputStride);
    }

    private static int RoundUp(int count, int multiple) => (count + multiple - 1) / multiple * multiple;
}
