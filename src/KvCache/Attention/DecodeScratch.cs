namespace KvCache.Attention;

/// <summary>A worker's memory while it attends with one query a row: small enough for a core's first-level cache.</summary>
/// <remarks>Query heads are counted from the item's first; strides in floats.</remarks>
internal readonly unsafe struct DecodeScratch
{
    /// <summary>Positions that are scored before softmax is brought up to date.</summary>
    public const int Tile = 64;

    private const int Alignment = 16; // floats in a cache line, and in the widest vector

    public DecodeScratch(float* memory, int queryHeads, int keyDim, int valueDim)
    {
        QueryStride = RoundUp(keyDim);
        ScoreStride = RoundUp(queryHeads);
        SumStride = RoundUp(valueDim);
        Queries = memory;
        Scores = Queries + ((long)ScoreStride * QueryStride);
        Sums = Scores + ((long)Tile * ScoreStride);
        Largest = Sums + ((long)queryHeads * SumStride);
        Totals = Largest + ScoreStride;
        Kept = Totals + ScoreStride;
        KeyOffsets = (nint*)(Kept + ScoreStride);
        ValueOffsets = KeyOffsets + ScoreStride;
    }

    /// <summary>The scaled queries: [query head][dim].</summary>
    public float* Queries { get; }

    public int QueryStride { get; }

    /// <summary>A tile's scores, then weights: [position][query head].</summary>
    public float* Scores { get; }

    public int ScoreStride { get; }

    /// <summary>The values so far, weighted but not yet divided by the total: [query head][dim].</summary>
    public float* Sums { get; }

    public int SumStride { get; }

    /// <summary>The largest score so far, per query head.</summary>
    public float* Largest { get; }

    /// <summary>The total of the weights so far, per query head.</summary>
    public float* Totals { get; }

    /// <summary>What the present tile leaves of the sums, per query head.</summary>
    public float* Kept { get; }

    /// <summary>Where in a token's keys each query head's key is.</summary>
    public nint* KeyOffsets { get; }

    /// <summary>Where in a token's values each query head's value is.</summary>
    public nint* ValueOffsets { get; }

    public static long Floats(int queryHeads, int keyDim, int valueDim)
    {
        long heads = RoundUp(queryHeads);
        return (heads * (RoundUp(keyDim) + Tile + 3 + (2 * sizeof(nint) / sizeof(float)))) + ((long)queryHeads * RoundUp(valueDim));
    }

    private static int RoundUp(int floats) => (floats + Alignment - 1) / Alignment * Alignment;
}
