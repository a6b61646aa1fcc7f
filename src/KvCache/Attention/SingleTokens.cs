using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A tile's keys and values, token by token, as they lie: for groups of any size.</summary>
internal static unsafe class SingleTokens<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    /// <summary>scores[token][query] = q · k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(
        in AttentionCall call, byte** keys, int count, int queries, ref ReadAhead ahead, in DecodeScratch scratch)
    {
        nint dims = call.KeyDim - (call.KeyDim % TSimd.Width);
        nint stride = scratch.QueryStride;
        long bytesAhead = call.KeyHeadStride * 4 / call.Group;
        for (int token = 0; token < count; token++)
        {
            float* scores = scratch.Scores + ((nint)token * scratch.ScoreStride);
            for (nint query = 0; query < queries; query += 4)
            {
                DotProducts<TSimd, TVector, TElement>.OfFourKeys(
                    keys[token],
                    scratch.KeyOffsets + query,
                    scratch.Queries + (query * stride),
                    stride,
                    dims,
                    scores + query,
                    ahead.Next(bytesAhead));
            }

            if (dims < call.KeyDim)
            {
                ScoreRest(in call, keys[token], queries, scores, in scratch);
            }
        }
    }

    /// <summary>Adds to a token's scores what no whole vector covers.</summary>
    public static void ScoreRest(in AttentionCall call, byte* keys, int queries, float* scores, in DecodeScratch scratch)
    {
        int first = call.KeyDim - (call.KeyDim % TSimd.Width);
        for (int query = 0; query < queries; query++)
        {
            scores[query] += DotProducts<TSimd, TVector, TElement>.OfElements(
                keys + scratch.KeyOffsets[query], scratch.Queries + ((nint)query * scratch.QueryStride), first, call.KeyDim);
        }
    }

    /// <summary>sums[query] += weight · v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(
        in AttentionCall call, byte** values, int count, int queries, ref ReadAhead ahead, in DecodeScratch scratch)
    {
        nint dims = call.ValueDim - (call.ValueDim % TSimd.Width);
        nint stride = scratch.SumStride;
        for (int token = 0; token < count; token++)
        {
            float* weights = scratch.Scores + ((nint)token * scratch.ScoreStride);
            byte* value = values[token];
            for (nint query = 0; query < queries; value += call.ValueHeadStride)
            {
                byte* next = ahead.Next(call.ValueHeadStride);
                for (nint end = query + call.Group; query < end; query++)
                {
                    WeightedSums<TSimd, TVector, TElement>.AddToOne(
                        value, weights[query], scratch.Sums + (query * stride), dims, next);
                }
            }

            if (dims < call.ValueDim)
            {
                AccumulateRest(in call, values[token], queries, weights, in scratch);
            }
        }
    }

    /// <summary>Adds to the sums what no whole vector of a token's values covers.</summary>
    public static void AccumulateRest(in AttentionCall call, byte* values, int queries, float* weights, in DecodeScratch scratch)
    {
        int first = call.ValueDim - (call.ValueDim % TSimd.Width);
        for (int query = 0; query < queries; query++)
        {
            WeightedSums<TSimd, TVector, TElement>.AddElements(
                values + scratch.ValueOffsets[query], weights[query], scratch.Sums + ((nint)query * scratch.SumStride), first, call.ValueDim);
        }
    }
}
