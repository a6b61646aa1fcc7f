using ILGPU;
using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Writes a step's keys and values to their pages, converted to the cache's element type.</summary>
/// <remarks>
/// cache[page of position p][p][head][d] = round(operand[token][head][d]), p = length − new tokens + token of the row. A
/// thread takes eight elements at a time, neighbours take neighbouring ones: first a token's keys, then its values.
/// </remarks>
internal static class AppendKernel<TElement, TLayout>
    where TElement : struct, IElement
    where TLayout : struct, ILayout
{
    public static KernelVariant<AppendArguments> Variant { get; } = new(Run, KernelVariant.PlainThreads);

    public static void Run(AppendArguments arguments)
    {
        CacheArguments cache = arguments.Cache;
        int keyUnits = Units(cache.KeyDim);
        int valueUnits = Units(cache.ValueDim);
        int tokenKeyUnits = cache.KvHeads * keyUnits;
        int tokenUnits = tokenKeyUnits + (cache.KvHeads * valueUnits);
        long units = (long)arguments.Tokens * tokenUnits;
        long threads = (long)Grid.DimX * Group.DimX;
        for (long unit = ((long)Grid.IdxX * Group.DimX) + Group.IdxX; unit < units; unit += threads)
        {
            int token = (int)(unit / tokenUnits);
            int rest = (int)(unit - ((long)token * tokenUnits));
            int row = StepRows.OfToken(cache.QueryOffsets, cache.Rows, token);
            int position = cache.Lengths[row] - cache.QueryOffsets[row + 1] + token;
            int page = Pages.PageOf<TLayout>(cache, row, position);
            if (rest < tokenKeyUnits)
            {
                int head = rest / keyUnits;
                int first = (rest - (head * keyUnits)) * Floats8.Count;
                long source = (token * arguments.KeyStride) + ((long)head * cache.KeyDim) + first;
                long place = Pages.Key<TLayout>(cache, page, position, head);
                TLayout.Store<TElement>(arguments.Keys, source, cache.Keys, place, first, cache.KeyDim);
            }
            else
            {
                rest -= tokenKeyUnits;
                int head = rest / valueUnits;
                int first = (rest - (head * valueUnits)) * Floats8.Count;
                long source = (token * arguments.ValueStride) + ((long)head * cache.ValueDim) + first;
                long place = Pages.Value<TLayout>(cache, page, position, head);
                TLayout.Store<TElement>(arguments.Values, source, cache.Values, place, first, cache.ValueDim);
            }
        }
    }

    /// <summary>How many times eight elements a head is.</summary>
    private static int Units(int dim) => (dim + Floats8.Count - 1) / Floats8.Count;
}
