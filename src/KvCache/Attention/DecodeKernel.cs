using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>One query a row against a range of positions: online softmax, keys and values read once.</summary>
/// <remarks>
/// <para>Memory sets the pace, and it is fastest when it is read strictly in order: token by token, in a token head by head,
/// as the cache lies. What is used again and again (queries, sums, a tile's scores) stays in the first-level cache.
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
        // A tile's keys, then its values, then the next tile's keys: the order in which they are read.
        byte** stream = stackalloc byte*[3 * Tile];
        byte** unused = stackalloc byte*[Tile];
        int queries = (headEnd - headFirst) * call.Group;
        Begin(in call, row, headFirst, queries, in scratch);
        for (int tile = first; tile < end; tile += Tile)
        {
            int count = Math.Min(Tile, end - tile);
            int next = Math.Min(Tile, end - tile - count);
            byte** keys = stream;
            byte** values = stream + count;
            call.Locate(row, tile, count, keys, values);
            call.Locate(row, tile + count, next, values + count, unused);
            for (int i = 0; i < (2 * count) + next; i++)
            {
                stream[i] += (nint)(headFirst * (i >= count && i < 2 * count ? call.ValueHeadStride : call.KeyHeadStride));
            }

            ReadAhead ahead = new(
                keys,
                values,
                values + count,
                values + count + next,
                (headEnd - headFirst) * call.KeyHeadStride,
                (headEnd - headFirst) * call.ValueHeadStride);
            Score(in call, keys, count, queries, ref ahead, in scratch);
            if (call.CapLog2E != 0)
            {
                SoftCap<TSimd, TVector>.Apply(scratch.Scores, count * scratch.ScoreStride, call.CapLog2E);
            }

            for (int query = 0; query < queries; query += TSimd.Width)
            {
                Weigh(query, count, in scratch);
            }

            Lower(in call, queries, in scratch);
            Accumulate(in call, values, count, headEnd - headFirst, ref ahead, in scratch);
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
        }

        for (int query = queries; query % 4 != 0; query++)
        {
            scratch.KeyOffsets[query] = scratch.KeyOffsets[queries - 1];
        }

        new Span<float>(scratch.Largest, scratch.ScoreStride).Fill(float.NegativeInfinity);
        new Span<float>(scratch.Totals, scratch.ScoreStride).Clear();
        new Span<float>(scratch.Zeros, scratch.ScoreStride).Clear();
        new Span<float>(scratch.Sums, queries * scratch.SumStride).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(
        in AttentionCall call, byte** keys, int count, int queries, ref ReadAhead ahead, in DecodeScratch scratch)
    {
        nint dims = call.KeyDim - (call.KeyDim % TSimd.Width);
        nint stride = scratch.QueryStride;
        bool sameKey = call.Group % 4 == 0;
        long bytesPerQuad = 2 * call.KeyHeadStride * 4 / call.Group;
        for (int token = 0; token < count; token += 2)
        {
            // Two tokens at a time; an odd last one goes with itself, where nobody reads the second's scores.
            byte* key0 = keys[token];
            byte* key1 = keys[Math.Min(token + 1, count - 1)];
            float* scores0 = scratch.Scores + ((nint)token * scratch.ScoreStride);
            float* scores1 = scores0 + scratch.ScoreStride;
            for (nint query = 0; query < queries; query += 4)
            {
                ahead.Advance(bytesPerQuad);
                float* four = scratch.Queries + (query * stride);
                nint* offsets = scratch.KeyOffsets + query;
                if (sameKey)
                {
                    DotProducts<TSimd, TVector, TElement>.OfTwoKeys(
                        key0 + *offsets, key1 + *offsets, four, stride, dims, scores0 + query, scores1 + query);
                }
                else
                {
                    DotProducts<TSimd, TVector, TElement>.OfFourKeys(key0, offsets, four, stride, dims).Store(scores0 + query);
                    DotProducts<TSimd, TVector, TElement>.OfFourKeys(key1, offsets, four, stride, dims).Store(scores1 + query);
                }
            }

            for (int query = 0; dims < call.KeyDim && query < queries; query++)
            {
                nint offset = scratch.KeyOffsets[query];
                float* one = scratch.Queries + (query * stride);
                scores0[query] += DotProducts<TSimd, TVector, TElement>.OfElements(key0 + offset, one, (int)dims, call.KeyDim);
                scores1[query] += DotProducts<TSimd, TVector, TElement>.OfElements(key1 + offset, one, (int)dims, call.KeyDim);
            }
        }
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Accumulate(
        in AttentionCall call, byte** values, int count, int heads, ref ReadAhead ahead, in DecodeScratch scratch)
    {
        nint dims = call.ValueDim - (call.ValueDim % TSimd.Width);
        nint stride = scratch.SumStride;
        for (int token = 0; token < count; token += 2)
        {
            // Two tokens at a time: half the loads and stores of sums. An odd last one goes with itself, at weight 0.
            bool pair = token + 1 < count;
            byte* value0 = values[token];
            byte* value1 = values[pair ? token + 1 : token];
            float* weights0 = scratch.Scores + ((nint)token * scratch.ScoreStride);
            float* weights1 = pair ? weights0 + scratch.ScoreStride : scratch.Zeros;
            float* sums = scratch.Sums;
            for (int head = 0; head < heads; head++, value0 += call.ValueHeadStride, value1 += call.ValueHeadStride)
            {
                ahead.Advance(2 * call.ValueHeadStride);
                int member = 0;
                for (; member + 4 <= call.Group; member += 4, weights0 += 4, weights1 += 4, sums += 4 * stride)
                {
                    WeightedSums<TSimd, TVector, TElement>.AddToFour(value0, value1, weights0, weights1, sums, stride, dims);
                }

                for (; member < call.Group; member++, weights0++, weights1++, sums += stride)
                {
                    WeightedSums<TSimd, TVector, TElement>.AddToOne(value0, value1, *weights0, *weights1, sums, dims);
                }

                for (member = call.Group; dims < call.ValueDim && member > 0; member--)
                {
                    WeightedSums<TSimd, TVector, TElement>.AddElements(
                        value0, value1, weights0[-member], weights1[-member], sums - (member * stride), (int)dims, call.ValueDim);
                }
            }
        }
    }
}
