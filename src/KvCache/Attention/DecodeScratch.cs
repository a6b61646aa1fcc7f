namespace KvCache.Attention;

/// <summary>A worker's memory while it attends for one query of a row. Per query head, strides in floats.</summary>
internal readonly unsafe struct DecodeScratch
{
    /// <summary>Positions that are scored before softmax is brought up to date.</summary>
    public const int Tile = 64;

    private const int Alignment = 16; // floats in a cache line

    public DecodeScratch(float* memory, int queryHeads, int keyDim, int valueDim)
    {
        QueryStride = RoundUp(keyDim);
        SumStride = RoundUp(valueDim);
        Queries = memory;
        Scores = Queries + ((long)queryHeads * QueryStride);
        Sums = Scores + ((long)queryHeads * Tile);
        Largest = Sums + ((long)queryHeads * SumStride);
        Totals = Largest + RoundUp(queryHeads);
    }

    /// <summary>The scaled queries.</summary>
    public float* Queries { get; }

    public int QueryStride { get; }

    /// <summary>A tile's scores, then weights.</summary>
    public float* Scores { get; }

    /// <summary>The values so far, weighted but not yet divided by the total.</summary>
    public float* Sums { get; }

    public int SumStride { get; }

    /// <summary>The largest score so far.</summary>
    public float* Largest { get; }

    /// <summary>The total of the weights so far.</summary>
    public float* Totals { get; }

    public static long Floats(int queryHeads, int keyDim, int valueDim) =>
        ((long)queryHeads * (RoundUp(keyDim) + Tile + RoundUp(valueDim))) + (2 * RoundUp(queryHeads));

    private static int RoundUp(int floats) => (floats + Alignment - 1) / Alignment * Alignment;
}
