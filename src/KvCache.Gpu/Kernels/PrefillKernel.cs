using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Attention of rows with many new tokens, over what is cached and themselves: 256 threads for 64 queries of a KV head.</summary>
/// <remarks>
/// <para>out_i = Σ_{j ≤ i} 2^(s_ij − m_i) v_j / Σ_{j ≤ i} 2^(s_ij − m_i), s_ij = score(q_i·k_j) (Dao, FlashAttention-2,
/// algorithm 1). The 64 queries are those of consecutive tokens of one row and of the query heads that share the KV head, so
/// that a key or value is loaded once for all of them.</para>
/// <para>Tiles of 64 positions, first to last. Products: 32 elements of queries and keys at a time go to shared memory,
/// transposed; a thread has 4 queries × 4 positions of the sums. Softmax: 16 threads share a query. Then weights go to shared
/// memory, values follow 16 positions at a time, and a thread has 4 queries × 4 elements, once for every 64 of a value.</para>
/// <para>A query's weight of a position that it must not see is −1 there: it is left out, not multiplied by 0, so that what
/// lies there may be no number.</para>
/// <para>Grid: x blocks of tokens of all rows (see <see cref="StepRows.OfBlock"/>), y KV heads × parts of their groups.</para>
/// </remarks>
internal static class PrefillKernel<TElement, TLayout, TWidth>
    where TElement : struct, IElement
    where TLayout : struct, ILayout
    where TWidth : struct, IValueWidth
{
    private const int Threads = KernelCatalog.PrefillThreads;
    private const int BlockQueries = KernelCatalog.PrefillQueries;
    private const int TilePositions = 64;
    private const int SlabElements = 32;
    private const int SlabPositions = 16;
    private const int Side = 16; // threads in a row and in a column
    private const float Unseen = -1;

    public static KernelVariant<AttendArguments> Variant { get; } = new(Run, Threads);

    public static void Run(AttendArguments arguments)
    {
        // Queries and keys in turn with values: the same 16 KiB.
        ArrayView<Floats4> slab = SharedMemory.Allocate<Floats4>(2 * SlabElements * Side);
        ArrayView<Floats4> weights = SharedMemory.Allocate<Floats4>(BlockQueries * Side);
        CacheArguments cache = arguments.Cache;
        int blockHeads = Math.Min(arguments.Group, BlockQueries);
        int blockTokens = BlockQueries / blockHeads;
        int row = StepRows.OfBlock(cache.QueryOffsets, cache.Rows, Grid.IdxX, blockTokens);
        int rowToken = cache.QueryOffsets[row];
        int newTokens = cache.QueryOffsets[row + 1] - rowToken;
        int firstToken = (Grid.IdxX - StepRows.FirstBlock(rowToken, row, blockTokens)) * blockTokens;
        if (newTokens <= arguments.DecodedTokens || firstToken >= newTokens)
        {
            return;
        }

        int kvHead = Grid.IdxY / arguments.HeadBlocks;
        int firstHead = (Grid.IdxY - (kvHead * arguments.HeadBlocks)) * blockHeads;
        int heads = Math.Min(blockHeads, arguments.Group - firstHead);
        int tokens = Math.Min(blockTokens, newTokens - firstToken);
        int thread = Group.IdxX;
        int y = thread / Side;
        int x = thread - (y * Side);

        // What the block's queries see: the first token's up to firstLimit, the last one's up to the end.
        int firstLimit = cache.Lengths[row] - newTokens + firstToken + 1;
        int end = firstLimit + tokens - 1;
        int loadQuery = thread % BlockQueries;
        int loadToken = loadQuery / blockHeads;
        int loadHead = loadQuery - (loadToken * blockHeads);
        bool loads = loadToken < tokens && loadHead < heads;
        long query = loads
            ? ((rowToken + firstToken + loadToken) * arguments.QueryStride)
                + ((long)((kvHead * arguments.Group) + firstHead + loadHead) * cache.KeyDim)
            : (rowToken * arguments.QueryStride);
        int limitA = firstLimit + Math.Min(4 * y / blockHeads, tokens - 1);
        int limitB = firstLimit + Math.Min(((4 * y) + 1) / blockHeads, tokens - 1);
        int limitC = firstLimit + Math.Min(((4 * y) + 2) / blockHeads, tokens - 1);
        int limitD = firstLimit + Math.Min(((4 * y) + 3) / blockHeads, tokens - 1);

        Floats4 max = new(Softmax.Lowest, Softmax.Lowest, Softmax.Lowest, Softmax.Lowest);
        Floats4 total = default;
        Square4 sums0 = default;
        Square4 sums1 = default;
        Square4 sums2 = default;
        Square4 sums3 = default;
        for (int tile = 0; tile < end; tile += TilePositions)
        {
            int loadPosition = Math.Min(tile + loadQuery, end - 1);
            long key = Pages.Key<TLayout>(cache, Pages.PageOf<TLayout>(cache, row, loadPosition), loadPosition, kvHead);
            Square4 scores = default;
            for (int first = 0; first < cache.KeyDim; first += SlabElements)
            {
                int part = thread / BlockQueries * Floats8.Count;
                Group.Barrier();
                StoreColumn(slab, part, loadQuery, Queries.Load(
                    arguments.Queries, query, first + part, cache.KeyDim, loads, arguments.QueryScale));
                StoreColumn(slab, SlabElements + part, loadQuery, TLayout.Load<TElement>(
                    cache.Keys, key, first + part, cache.KeyDim, 0xFFFFFFFF));
                Group.Barrier();
                for (int element = 0; element < SlabElements; element += 4)
                {
                    scores = AddProducts(slab, element, x, y, scores);
                    scores = AddProducts(slab, element + 1, x, y, scores);
                    scores = AddProducts(slab, element + 2, x, y, scores);
                    scores = AddProducts(slab, element + 3, x, y, scores);
                }
            }

            int position = tile + (4 * x);
            float cap = arguments.CapLog2E;
            scores.A = Scores(scores.A, position, limitA, cap);
            scores.B = Scores(scores.B, position, limitB, cap);
            scores.C = Scores(scores.C, position, limitC, cap);
            scores.D = Scores(scores.D, position, limitD, cap);
            Floats4 before = max;
            max = new Floats4(
                LargestOfQuery(Math.Max(max.A, Floats4.Largest(scores.A))),
                LargestOfQuery(Math.Max(max.B, Floats4.Largest(scores.B))),
                LargestOfQuery(Math.Max(max.C, Floats4.Largest(scores.C))),
                LargestOfQuery(Math.Max(max.D, Floats4.Largest(scores.D))));
            scores.A = Weights(scores.A, position, limitA, max.A);
            scores.B = Weights(scores.B, position, limitB, max.B);
            scores.C = Weights(scores.C, position, limitC, max.C);
            scores.D = Weights(scores.D, position, limitD, max.D);
            Floats4 kept = new(
                Softmax.Exp2(before.A - max.A),
                Softmax.Exp2(before.B - max.B),
                Softmax.Exp2(before.C - max.C),
                Softmax.Exp2(before.D - max.D));
            total = new Floats4(
                (total.A * kept.A) + SumSeen(scores.A),
                (total.B * kept.B) + SumSeen(scores.B),
                (total.C * kept.C) + SumSeen(scores.C),
                (total.D * kept.D) + SumSeen(scores.D));
            sums0 = Square4.Scale(sums0, kept);
            if (TWidth.Parts > 1)
            {
                sums1 = Square4.Scale(sums1, kept);
            }

            if (TWidth.Parts > 2)
            {
                sums2 = Square4.Scale(sums2, kept);
                sums3 = Square4.Scale(sums3, kept);
            }

            weights[(4 * y * Side) + x] = scores.A;
            weights[(((4 * y) + 1) * Side) + x] = scores.B;
            weights[(((4 * y) + 2) * Side) + x] = scores.C;
            weights[(((4 * y) + 3) * Side) + x] = scores.D;
            bool allSeen = tile + TilePositions <= firstLimit;
            int tileEnd = Math.Min(TilePositions, end - tile);
            for (int start = 0; start < tileEnd; start += SlabPositions)
            {
                Group.Barrier();
                LoadValues(cache, slab, row, kvHead, tile + start, end);
                Group.Barrier();
                for (int j = 0; j < SlabPositions; j += 4)
                {
                    int column = (start + j) / 4;
                    Floats4 a = weights[(4 * y * Side) + column];
                    Floats4 b = weights[(((4 * y) + 1) * Side) + column];
                    Floats4 c = weights[(((4 * y) + 2) * Side) + column];
                    Floats4 d = weights[(((4 * y) + 3) * Side) + column];
                    sums0 = AddValues(slab, j, 0, x, a, b, c, d, sums0, allSeen);
                    if (TWidth.Parts > 1)
                    {
                        sums1 = AddValues(slab, j, 1, x, a, b, c, d, sums1, allSeen);
                    }

                    if (TWidth.Parts > 2)
                    {
                        sums2 = AddValues(slab, j, 2, x, a, b, c, d, sums2, allSeen);
                        sums3 = AddValues(slab, j, 3, x, a, b, c, d, sums3, allSeen);
                    }
                }
            }
        }

        Floats4 factor = new(
            1 / SumOfQuery(total.A), 1 / SumOfQuery(total.B), 1 / SumOfQuery(total.C), 1 / SumOfQuery(total.D));
        int outputToken = rowToken + firstToken;
        int outputHead = (kvHead * arguments.Group) + firstHead;
        Write(arguments, outputToken, outputHead, 4 * y, blockHeads, tokens, heads, x, factor.A, sums0.A, sums1.A, sums2.A, sums3.A);
        Write(arguments, outputToken, outputHead, (4 * y) + 1, blockHeads, tokens, heads, x, factor.B, sums0.B, sums1.B, sums2.B, sums3.B);
        Write(arguments, outputToken, outputHead, (4 * y) + 2, blockHeads, tokens, heads, x, factor.C, sums0.C, sums1.C, sums2.C, sums3.C);
        Write(arguments, outputToken, outputHead, (4 * y) + 3, blockHeads, tokens, heads, x, factor.D, sums0.D, sums1.D, sums2.D, sums3.D);
    }

    /// <summary>Stores eight elements of a query or key, one below the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumn(ArrayView<Floats4> slab, int firstRow, int column, Floats8 elements)
    {
        ArrayView<float> floats = slab.Cast<float>();
        int index = (firstRow * BlockQueries) + column;
        floats[index] = elements.Low.A;
        floats[index + BlockQueries] = elements.Low.B;
        floats[index + (2 * BlockQueries)] = elements.Low.C;
        floats[index + (3 * BlockQueries)] = elements.Low.D;
        floats[index + (4 * BlockQueries)] = elements.High.A;
        floats[index + (5 * BlockQueries)] = elements.High.B;
        floats[index + (6 * BlockQueries)] = elements.High.C;
        floats[index + (7 * BlockQueries)] = elements.High.D;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Square4 AddProducts(ArrayView<Floats4> slab, int element, int x, int y, Square4 scores) =>
        Square4.MultiplyAdd(slab[(element * Side) + y], slab[((SlabElements + element) * Side) + x], scores);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 Scores(Floats4 products, int position, int limit, float capLog2E)
    {
        Floats4 scores = Softmax.Scores(products, capLog2E);
        return new Floats4(
            position < limit ? scores.A : Softmax.Lowest,
            position + 1 < limit ? scores.B : Softmax.Lowest,
            position + 2 < limit ? scores.C : Softmax.Lowest,
            position + 3 < limit ? scores.D : Softmax.Lowest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 Weights(Floats4 scores, int position, int limit, float max) => new(
        position < limit ? Softmax.Exp2(scores.A - max) : Unseen,
        position + 1 < limit ? Softmax.Exp2(scores.B - max) : Unseen,
        position + 2 < limit ? Softmax.Exp2(scores.C - max) : Unseen,
        position + 3 < limit ? Softmax.Exp2(scores.D - max) : Unseen);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumSeen(Floats4 weights) =>
        (weights.A < 0 ? 0 : weights.A) + (weights.B < 0 ? 0 : weights.B)
        + ((weights.C < 0 ? 0 : weights.C) + (weights.D < 0 ? 0 : weights.D));

    /// <summary>The largest of the 16 threads that share a query.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float LargestOfQuery(float value)
    {
        value = Math.Max(value, Warp.ShuffleXor(value, 8));
        value = Math.Max(value, Warp.ShuffleXor(value, 4));
        value = Math.Max(value, Warp.ShuffleXor(value, 2));
        return Math.Max(value, Warp.ShuffleXor(value, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfQuery(float value)
    {
        value += Warp.ShuffleXor(value, 8);
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 2);
        return value + Warp.ShuffleXor(value, 1);
    }

    /// <summary>Brings 16 positions' values to shared memory: [position][element].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadValues(CacheArguments cache, ArrayView<Floats4> slab, int row, int kvHead, int first, int end)
    {
        int eights = TWidth.Parts * BlockQueries / Floats8.Count;
        for (int unit = Group.IdxX; unit < SlabPositions * eights; unit += Threads)
        {
            int index = unit / eights;
            int eighth = unit - (index * eights);
            int position = Math.Min(first + index, end - 1);
            int page = Pages.PageOf<TLayout>(cache, row, position);
            long value = Pages.Value<TLayout>(cache, page, position, kvHead);
            Floats8 elements = TLayout.Load<TElement>(cache.Values, value, eighth * Floats8.Count, cache.ValueDim, 0xFFFFFFFF);
            slab[2 * unit] = elements.Low;
            slab[(2 * unit) + 1] = elements.High;
        }
    }

    /// <summary>Adds four positions' values, weighted; a to d are the weights of four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Square4 AddValues(
        ArrayView<Floats4> slab, int position, int part, int x, Floats4 a, Floats4 b, Floats4 c, Floats4 d, Square4 sums, bool allSeen)
    {
        int pitch = TWidth.Parts * Side;
        int index = (position * pitch) + (part * Side) + x;
        Floats4 value0 = slab[index];
        Floats4 value1 = slab[index + pitch];
        Floats4 value2 = slab[index + (2 * pitch)];
        Floats4 value3 = slab[index + (3 * pitch)];
        Floats4 column0 = new(a.A, b.A, c.A, d.A);
        Floats4 column1 = new(a.B, b.B, c.B, d.B);
        Floats4 column2 = new(a.C, b.C, c.C, d.C);
        Floats4 column3 = new(a.D, b.D, c.D, d.D);
        if (allSeen)
        {
            sums = Square4.MultiplyAdd(column0, value0, sums);
            sums = Square4.MultiplyAdd(column1, value1, sums);
            sums = Square4.MultiplyAdd(column2, value2, sums);
            return Square4.MultiplyAdd(column3, value3, sums);
        }

        sums = Square4.MultiplyAddSeen(column0, value0, sums);
        sums = Square4.MultiplyAddSeen(column1, value1, sums);
        sums = Square4.MultiplyAddSeen(column2, value2, sums);
        return Square4.MultiplyAddSeen(column3, value3, sums);
    }

    private static void Write(
        AttendArguments arguments,
        int firstToken,
        int firstHead,
        int query,
        int blockHeads,
        int tokens,
        int heads,
        int x,
        float factor,
        Floats4 sum0,
        Floats4 sum1,
        Floats4 sum2,
        Floats4 sum3)
    {
        int token = query / blockHeads;
        int head = query - (token * blockHeads);
        if (token >= tokens || head >= heads)
        {
            return;
        }

        int dim = arguments.Cache.ValueDim;
        long output = ((firstToken + token) * arguments.OutputStride) + ((long)(firstHead + head) * dim);
        WriteFour(arguments.Output, output, 4 * x, dim, factor, sum0);
        if (TWidth.Parts > 1)
        {
            WriteFour(arguments.Output, output, BlockQueries + (4 * x), dim, factor, sum1);
        }

        if (TWidth.Parts > 2)
        {
            WriteFour(arguments.Output, output, (2 * BlockQueries) + (4 * x), dim, factor, sum2);
            WriteFour(arguments.Output, output, (3 * BlockQueries) + (4 * x), dim, factor, sum3);
        }
    }

    private static void WriteFour(ArrayView<float> output, long head, int first, int dim, float factor, Floats4 sum)
    {
        if (first < dim)
        {
            output[head + first] = sum.A * factor;
        }

        if (first + 1 < dim)
        {
            output[head + first + 1] = sum.B * factor;
        }

        if (first + 2 < dim)
        {
            output[head + first + 2] = sum.C * factor;
        }

        if (first + 3 < dim)
        {
            output[head + first + 3] = sum.D * factor;
        }
    }
}
