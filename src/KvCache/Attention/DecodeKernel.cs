using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>One query of a row against a range of positions: online softmax, keys and values read once.</summary>
/// <remarks>
/// <para>Positions go in tiles. Within a tile tokens are read in the order in which they lie, all heads of a token one after
/// the other; a key or value that is in a register is used by every query head of its group.</para>
/// <para>Source of the recurrence: Dao, Fu, Ermon, Rudra and Ré, FlashAttention, algorithm 1, on powers of two.</para>
/// </remarks>
internal static unsafe class DecodeKernel<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    private const int Tile = DecodeScratch.Tile;
    private const int Stripe = 16; // tokens whose values are added while the sums stay in registers

    /// <summary>Attends to positions first … end − 1 with the queries of the KV heads headFirst … headEnd − 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in AttentionCall call, int row, int first, int end, int headFirst, int headEnd, in DecodeScratch scratch)
    {
        byte** keys = stackalloc byte*[Tile];
        byte** values = stackalloc byte*[Tile];
        Begin(in call, row, headFirst, headEnd, in scratch);
        for (int tile = first; tile < end; tile += Tile)
        {
            int count = Math.Min(Tile, end - tile);
            call.Locate(row, tile, count, keys, values);
            Score(in call, keys, count, headFirst, headEnd, in scratch);
            for (int query = headFirst * call.Group; query < headEnd * call.Group; query++)
            {
                Weigh(in call, query, count, in scratch);
            }

            for (int token = 0; token < count; token += Stripe)
            {
                int stripe = Math.Min(Stripe, count - token);
                for (int head = headFirst; head < headEnd; head++)
                {
                    Accumulate(in call, values + token, stripe, token, head, in scratch);
                }
            }
        }
    }

    private static void Begin(in AttentionCall call, int row, int headFirst, int headEnd, in DecodeScratch scratch)
    {
        float* source = call.Queries + (call.QueryOffsets[row] * call.QueryStride);
        for (int query = headFirst * call.Group; query < headEnd * call.Group; query++)
        {
            float* scaled = scratch.Queries + ((nint)query * scratch.QueryStride);
            for (int d = 0; d < call.KeyDim; d++)
            {
                scaled[d] = source[((nint)query * call.KeyDim) + d] * call.QueryScale;
            }

            scratch.Largest[query] = float.NegativeInfinity;
            scratch.Totals[query] = 0;
            new Span<float>(scratch.Sums + ((nint)query * scratch.SumStride), scratch.SumStride).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score(
        in AttentionCall call, byte** keys, int count, int headFirst, int headEnd, in DecodeScratch scratch)
    {
        int last = count - 1;
        for (int token = 0; token < count; token += 4)
        {
            // Past the end the last key is scored again; nobody reads that score.
            byte* k0 = keys[token] + (nint)(headFirst * call.KeyHeadStride);
            byte* k1 = keys[Math.Min(token + 1, last)] + (nint)(headFirst * call.KeyHeadStride);
            byte* k2 = keys[Math.Min(token + 2, last)] + (nint)(headFirst * call.KeyHeadStride);
            byte* k3 = keys[Math.Min(token + 3, last)] + (nint)(headFirst * call.KeyHeadStride);
            for (int head = headFirst; head < headEnd; head++)
            {
                ScoreHead(in call, k0, k1, k2, k3, head, scratch.Scores + token, in scratch);
                k0 += call.KeyHeadStride;
                k1 += call.KeyHeadStride;
                k2 += call.KeyHeadStride;
                k3 += call.KeyHeadStride;
            }
        }
    }

    private static void ScoreHead(
        in AttentionCall call, byte* k0, byte* k1, byte* k2, byte* k3, int head, float* scores, in DecodeScratch scratch)
    {
        int dims = call.KeyDim - (call.KeyDim % TSimd.Width);
        nint stride = scratch.QueryStride;
        int query = head * call.Group;
        int end = query + call.Group;
        for (; TSimd.ManyRegisters && query + 4 <= end; query += 4)
        {
            DotProducts<TSimd, TVector, TElement>.OfFourQueries(
                k0, k1, k2, k3, scratch.Queries + (query * stride), stride, dims, scores + (query * Tile), Tile);
        }

        for (; query + 2 <= end; query += 2)
        {
            DotProducts<TSimd, TVector, TElement>.OfTwoQueries(
                k0, k1, k2, k3, scratch.Queries + (query * stride), stride, dims, scores + (query * Tile), Tile);
        }

        if (query < end)
        {
            DotProducts<TSimd, TVector, TElement>.OfOneQuery(
                k0, k1, k2, k3, scratch.Queries + (query * stride), dims, scores + (query * Tile));
        }

        for (query = head * call.Group; dims < call.KeyDim && query < end; query++)
        {
            AddRest(k0, k1, k2, k3, scratch.Queries + (query * stride), dims, call.KeyDim, scores + (query * Tile));
        }
    }

    /// <summary>Adds what no whole vector covers.</summary>
    private static void AddRest(byte* k0, byte* k1, byte* k2, byte* k3, float* query, int first, int end, float* scores)
    {
        for (int d = first; d < end; d++)
        {
            int offset = d * TElement.Bytes;
            scores[0] += query[d] * TElement.Load(k0 + offset);
            scores[1] += query[d] * TElement.Load(k1 + offset);
            scores[2] += query[d] * TElement.Load(k2 + offset);
            scores[3] += query[d] * TElement.Load(k3 + offset);
        }
    }

    /// <summary>Turns a query's scores into weights; sums so far are brought down to the new largest score.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh(in AttentionCall call, int query, int count, in DecodeScratch scratch)
    {
        float* scores = scratch.Scores + (query * Tile);
        if (call.CapLog2E != 0)
        {
            SoftCap<TSimd, TVector>.Apply(scores, Tile, call.CapLog2E);
        }

        new Span<float>(scores + count, Tile - count).Fill(float.NegativeInfinity);
        TVector largest = TSimd.Load(scores);
        for (int i = TSimd.Width; i < Tile; i += TSimd.Width)
        {
            largest = TSimd.Max(largest, TSimd.Load(scores + i));
        }

        float before = scratch.Largest[query];
        float now = MathF.Max(before, TSimd.Largest(largest));
        TVector bias = TSimd.Create(now);
        TVector total = default;
        for (int i = 0; i < Tile; i += TSimd.Width)
        {
            TVector weight = Exponential.Exp2<TSimd, TVector>(TSimd.Subtract(TSimd.Load(scores + i), bias));
            TSimd.Store(weight, scores + i);
            total = TSimd.Add(total, weight);
        }

        float kept = 1;
        if (now != before)
        {
            kept = float.Exp2(before - now);
            scratch.Largest[query] = now;
            float* sums = scratch.Sums + ((nint)query * scratch.SumStride);
            TVector factor = TSimd.Create(kept);
            for (int i = 0; i < scratch.SumStride; i += TSimd.Width)
            {
                TSimd.Store(TSimd.Multiply(TSimd.Load(sums + i), factor), sums + i);
            }
        }

        scratch.Totals[query] = (scratch.Totals[query] * kept) + TSimd.Sum(total);
    }

    private static void Accumulate(
        in AttentionCall call, byte** values, int count, int token, int head, in DecodeScratch scratch)
    {
        nint headOffset = (nint)(head * call.ValueHeadStride);
        int end = (head + 1) * call.Group;
        int d = 0;
        for (; d + (4 * TSimd.Width) <= call.ValueDim; d += 4 * TSimd.Width)
        {
            nint offset = headOffset + (d * TElement.Bytes);
            int query = head * call.Group;
            for (; TSimd.ManyRegisters && query + 4 <= end; query += 4)
            {
                WeightedSums<TSimd, TVector, TElement>.OfFourQueries(
                    values, offset, count, scratch.Scores + (query * Tile) + token, Tile, scratch.Sums + ((nint)query * scratch.SumStride) + d, scratch.SumStride);
            }

            for (; query + 2 <= end; query += 2)
            {
                WeightedSums<TSimd, TVector, TElement>.OfTwoQueries(
                    values, offset, count, scratch.Scores + (query * Tile) + token, Tile, scratch.Sums + ((nint)query * scratch.SumStride) + d, scratch.SumStride);
            }

            if (query < end)
            {
                WeightedSums<TSimd, TVector, TElement>.OfOneQuery(
                    values, offset, count, scratch.Scores + (query * Tile) + token, scratch.Sums + ((nint)query * scratch.SumStride) + d);
            }
        }

        if (d < call.ValueDim)
        {
            AccumulateRest(in call, values, count, token, head, d, in scratch);
        }
    }

    private static void AccumulateRest(
        in AttentionCall call, byte** values, int count, int token, int head, int d, in DecodeScratch scratch)
    {
        nint headOffset = (nint)(head * call.ValueHeadStride);
        for (int query = head * call.Group; query < (head + 1) * call.Group; query++)
        {
            float* weights = scratch.Scores + (query * Tile) + token;
            float* sums = scratch.Sums + ((nint)query * scratch.SumStride);
            int i = d;
            for (; i + TSimd.Width <= call.ValueDim; i += TSimd.Width)
            {
                WeightedSums<TSimd, TVector, TElement>.OfOneVector(
                    values, headOffset + (i * TElement.Bytes), count, weights, sums + i);
            }

            for (; i < call.ValueDim; i++)
            {
                WeightedSums<TSimd, TVector, TElement>.OfOneElement(
                    values, headOffset + (i * TElement.Bytes), count, weights, sums + i);
            }
        }
    }
}
