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

    public void Store(int slot, int query, in DecodeScratch scratch)
    {
        float* sums = Sums(slot, query);
        float* source = scratch.Sums + ((nint)query * scratch.SumStride);
        new ReadOnlySpan<float>(source, valueDim).CopyTo(new Span<float>(sums, valueDim));
        sums[_stride - 2] = scratch.Largest[query];
        sums[_stride - 1] = scratch.Totals[query];
    }

    /// <summary>Adds the sums of consecutive slots into the first, each brought down to the largest score of all.</summary>
    /// <returns>The total of the weights.</returns>
    public float Combine(int firstSlot, int slots, int query)
    {
        float largest = float.NegativeInfinity;
        for (int slot = 0; slot < slots; slot++)
        {
            largest = MathF.Max(largest, Sums(firstSlot + slot, query)[_stride - 2]);
        }

        float* target = Sums(firstSlot, query);
        float total = 0;
        for (int slot = 0; slot < slots; slot++)
        {
            float* sums = Sums(firstSlot + slot, query);
            float weight = float.Exp2(sums[_stride - 2] - largest);
            total += sums[_stride - 1] * weight;
            for (int d = 0; d < valueDim; d++)
            {
                target[d] = slot == 0 ? sums[d] * weight : target[d] + (sums[d] * weight);
            }
        }

        return total;
    }

    private static int Stride(int valueDim) => (valueDim + 2 + Alignment - 1) / Alignment * Alignment;
}
