using ILGPU;
using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Attention of any rows, a thread for each new token and query head: no barrier, no exchange between threads, any dims.</summary>
/// <remarks>
/// out = Σ_{j ≤ i} 2^(sⱼ − m) vⱼ / Σ_{j ≤ i} 2^(sⱼ − m), sⱼ = score(q·kⱼ), one position after the other (Milakov and
/// Gimelshein, Online normalizer calculation for softmax). For devices where a barrier takes long, and for dims that no
/// other kernel takes. A thread's sums are in <see cref="AttendArguments.PartialSums"/>, [thread][value dim], until they
/// are done: output may lie where the queries are.
/// </remarks>
internal static class ThreadKernel<TElement>
    where TElement : struct, IElement
{
    public static KernelVariant<AttendArguments> Variant { get; } = new(Run, KernelVariant.PlainThreads);

    public static void Run(AttendArguments arguments)
    {
        CacheArguments cache = arguments.Cache;
        int threads = Grid.DimX * Group.DimX;
        int thread = (Grid.IdxX * Group.DimX) + Group.IdxX;
        long items = (long)arguments.Tokens * arguments.QueryHeads;
        for (long item = thread; item < items; item += threads)
        {
            int token = (int)(item / arguments.QueryHeads);
            int head = (int)(item - ((long)token * arguments.QueryHeads));
            int row = StepRows.OfToken(cache.QueryOffsets, cache.Rows, token);
            if (cache.QueryOffsets[row + 1] - cache.QueryOffsets[row] > arguments.DecodedTokens)
            {
                Attend(arguments, row, token, head, (long)thread * cache.ValueDim);
            }
        }
    }

    private static void Attend(AttendArguments arguments, int row, int token, int head, long sums)
    {
        CacheArguments cache = arguments.Cache;
        int kvHead = head / arguments.Group;
        int limit = cache.Lengths[row] - cache.QueryOffsets[row + 1] + token + 1;
        long query = (token * arguments.QueryStride) + ((long)head * cache.KeyDim);
        float max = Softmax.Lowest;
        float total = 0;
        for (int d = 0; d < cache.ValueDim; d++)
        {
            arguments.PartialSums[sums + d] = 0;
        }

        for (int position = 0; position < limit; position++)
        {
            int page = Pages.PageOf<AnyLayout>(cache, row, position);
            long key = Pages.Key<AnyLayout>(cache, page, position, kvHead);
            float score = Softmax.Score(Product(arguments, query, key), arguments.CapLog2E);
            if (score > max)
            {
                float kept = Softmax.Exp2(max - score);
                max = score;
                total *= kept;
                for (int d = 0; d < cache.ValueDim; d++)
                {
                    arguments.PartialSums[sums + d] *= kept;
                }
            }

            float weight = Softmax.Exp2(score - max);
            total += weight;
            long value = Pages.Value<AnyLayout>(cache, page, position, kvHead);
            for (int d = 0; d < cache.ValueDim; d++)
            {
                arguments.PartialSums[sums + d] += weight * TElement.Load(cache.Values, value + ((long)d * TElement.Bytes));
            }
        }

        long output = (token * arguments.OutputStride) + ((long)head * cache.ValueDim);
        for (int d = 0; d < cache.ValueDim; d++)
        {
            arguments.Output[output + d] = arguments.PartialSums[sums + d] / total;
        }
    }

    private static float Product(AttendArguments arguments, long query, long key)
    {
        float even = 0;
        float odd = 0;
        int dim = arguments.Cache.KeyDim;
        for (int d = 0; d + 1 < dim; d += 2)
        {
            even += arguments.Queries[query + d] * arguments.QueryScale * TElement.Load(arguments.Cache.Keys, key + ((long)d * TElement.Bytes));
            odd += arguments.Queries[query + d + 1] * arguments.QueryScale
                * TElement.Load(arguments.Cache.Keys, key + ((d + 1L) * TElement.Bytes));
        }

        return dim % 2 == 0 ? even + odd : even + odd + (arguments.Queries[query + dim - 1] * arguments.QueryScale
            * TElement.Load(arguments.Cache.Keys, key + ((dim - 1L) * TElement.Bytes)));
    }
}
