using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>One query a row against a range of positions: online softmax, keys and values read once.</summary>
/// <remarks>
/// <para>Memory sets the pace, and it is fastest when a few streams are read side by side, each strictly in order: token by
/// token, in a token head by head, as the cache lies. What is used again and again (queries, sums, a tile's scores) stays in the first-level cache.
/// Scores are kept with positions as rows and query heads as columns: softmax then needs no sums across a vector.</para>
/// <para>Source of the recurrence: Dao, Fu, Ermon, Rudra and Ré, FlashAttention, algorithm 1, on powers of two.</para>
/// </remarks>
internal static unsafe class DecodeKernel<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    private const int Tile = DecodeScratch.Tile;

    /// <summary>Attends to positions first … end − 1 with the query heads of the KV heads headFirst … headEnd − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in AttentionCall call, int row, int first, int end, int headFirst, int headEnd, in DecodeScratch scratch)
    {
        bool pairs = call.Group % 4 == 0;
        int streams = pairs ? TokenPairs<TSimd, TVector, TElement>.Streams : TokenQuads<TSimd, TVector, TElement>.Streams;
        byte** keyTokens = stackalloc byte*[Tile];
        byte** valueTokens = stackalloc byte*[Tile];
        byte** rows = stackalloc byte*[3 * Tile];
        long keyOffset = headFirst * call.KeyHeadStride;
        long keyBytes = (headEnd - headFirst) * call.KeyHeadStride;
        long valueOffset = headFirst * call.ValueHeadStride;
        long valueBytes = (headEnd - headFirst) * call.ValueHeadStride;
        int queries = (headEnd - headFirst) * call.Group;
        Begin(in call, row, headFirst, queries, in scratch);
        for (int tile = first; tile < end; tile += Tile)
        {
            int count = Math.Min(Tile, end - tile);
            call.Locate(row, tile, count, keyTokens, valueTokens);
            TokenStreams keys = new(keyTokens, count, streams, keyOffset, keyBytes, rows);
            TokenStreams values = new(valueTokens, count, streams, valueOffset, valueBytes, keys.End);

            // The next tile's keys are asked for while this one's values are read; after the last tile, its last key once more.
            int next = Math.Min(tile + count, end - 1);
            call.Locate(row, next, Math.Min(Tile, end - next), keyTokens, valueTokens);
            _ = new TokenStreams(keyTokens, Math.Min(Tile, end - next), streams, keyOffset, keyBytes, values.End);
            if (pairs)
            {
                TokenPairs<TSimd, TVector, TElement>.Score(in call, in keys, queries, in scratch);
            }
            else
            {
                TokenQuads<TSimd, TVector, TElement>.Score(in call, in keys, queries, in scratch);
            }

            if (call.CapLog2E != 0)
            {
                SoftCap<TSimd, TVector>.Apply(scratch.Scores, count * scratch.ScoreStride, call.CapLog2E);
            }

            for (int query = 0; query < queries; query += TSimd.Width)
            {
                Weigh(query, count, in scratch);
            }

            // Streams may have more steps than there are tokens: those count for nothing.
            new Span<float>(scratch.Scores + (count * scratch.ScoreStride), ((keys.Steps * streams) - count) * scratch.ScoreStride).Clear();
            Lower(in call, queries, in scratch);
            if (pairs)
            {
                TokenPairs<TSimd, TVector, TElement>.Accumulate(in call, in values, queries, in scratch);
            }
            else
            {
                TokenQuads<TSimd, TVector, TElement>.Accumulate(in call, in values, queries, in scratch);
            }
        }
    }

    private static void Begin(in AttentionCall call, int row, int headFirst, int queries, in DecodeScratch scratch)
    {
        float* source = call.Queries + (call.QueryOffsets[row] * call.QueryStride) + ((nint)headFirst * call.Group * call.KeyDim);
        for (int query = 0; query < queries; query++)
        {
            float* scaled = scratch.Queries + ((nint)query * scratch.QueryStride);
            Scaling<TSimd, TVector>.Scale(source + ((nint)query * call.KeyDim), call.QueryScale, scaled, call.KeyDim);
            scratch.KeyOffsets[query] = (nint)(query / call.Group * call.KeyHeadStride);
            scratch.ValueOffsets[query] = (nint)(query / call.Group * call.ValueHeadStride);
        }

        new Span<float>(scratch.Largest, scratch.ScoreStride).Fill(float.NegativeInfinity);
        new Span<float>(scratch.Totals, scratch.ScoreStride).Clear();
        new Span<float>(scratch.Sums, queries * scratch.SumStride).Clear();
    }

    /// <summary>Turns the scores of a vector of query heads into weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(int query, int count, in DecodeScratch scratch)
    {
        nint stride = scratch.ScoreStride;
        float* scores = scratch.Scores + query;
        TVector before = TSimd.Load(scratch.Largest + query);
        TVector largest = before;
        for (nint i = 0; i < count; i++)
        {
            largest = TSimd.Max(largest, TSimd.Load(scores + (i * stride)));
        }

        TVector total = default;
        for (nint i = 0; i < count; i++)
        {
            TVector weight = Exponential.Exp2<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + (i * stride)), largest));
            TSimd.Store(weight, scores + (i * stride));
            total = TSimd.Add(total, weight);
        }

        TVector kept = Exponential.Exp2<TSimd, TVector>(TSimd.Subtract(before, largest));
        TSimd.Store(largest, scratch.Largest + query);
        TSimd.Store(kept, scratch.Kept + query);
        TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(scratch.Totals + query), kept, total), scratch.Totals + query);
    }

    /// <summary>Brings the sums down to the new largest scores.</summary>
    private static void Lower(in AttentionCall call, int queries, in DecodeScratch scratch)
    {
        for (int query = 0; query < queries; query++)
        {
            if (scratch.Kept[query] != 1)
            {
                float* sums = scratch.Sums + ((nint)query * scratch.SumStride);
                Scaling<TSimd, TVector>.Scale(sums, scratch.Kept[query], sums, call.ValueDim);
            }
        }
    }
}
