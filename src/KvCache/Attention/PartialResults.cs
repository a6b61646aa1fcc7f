namespace KvCache.Attention;

/// <summary>What the pieces of rows that decode have found, until the last piece is done.</summary>
/// <remarks>A slot per piece; in it per query head the weighted sums, the largest score and the total of weights.</remarks>
internal readonly unsafe struct PartialResults(float* memory, int queryHeads, int valueDim)
{
    private const int Alignment = 16;

    private readonly int _stride = Stride(valueDim);

    /// <summary>The floats that so many slots take.</summary>
    public static long Floats(int slots, int queryHeads, int valueDim) => (long)slots * queryHeads * Stride(valueDim);

    public float* Sums(int slot, int query) => memory + ((((long)slot * queryHeads) + query) * _stride);

    public float Largest(int slot, int query) => Sums(slot, query)[_stride - 2];

    public float Total(int slot, int query) => Sums(slot, query)[_stride - 1];

    public void Store(int slot, int firstQuery, int queries, in DecodeScratch scratch)
    {
        for (int query = 0; query < queries; query++)
        {
            float* target = Sums(slot, firstQuery + query);
            float* sums = scratch.Sums + ((nint)query * scratch.SumStride);
            new ReadOnlySpan<float>(sums, valueDim).CopyTo(new Span<float>(target, valueDim));
            target[_stride - 2] = scratch.Largest[query];
            target[_stride - 1] = scratch.Totals[query];
        }
    }

    private static int Stride(int valueDim) => (valueDim + 2 + Alignment - 1) / Alignment * Alignment;
}
