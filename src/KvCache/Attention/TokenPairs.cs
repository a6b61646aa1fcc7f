using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A tile's keys and values, two tokens at a time: for groups of a multiple of four query heads.</summary>
/// <remarks>There the arithmetic weighs as much as the memory, and two tokens share the loads and stores of a group.</remarks>
internal static unsafe class TokenPairs<TSimd, TVector, TElement>
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
        long bytesAhead = 2 * call.KeyHeadStride * 4 / call.Group;
        for (int token = 0; token < count; token += 2)
        {
            // An odd last token goes with itself; nobody reads the second's scores.
            byte* key0 = keys[token];
            byte* key1 = keys[Math.Min(token + 1, count - 1)];
            float* scores0 = scratch.Scores + ((nint)token * scratch.ScoreStride);
            float* scores1 = scores0 + scratch.ScoreStride;
            for (nint query = 0; query < queries; query += 4)
            {
                nint offset = scratch.KeyOffsets[query];
                DotProducts<TSimd, TVector, TElement>.OfTwoKeys(
                    key0 + offset,
                    key1 + offset,
                    scratch.Queries + (query * stride),
                    stride,
                    dims,
                    scores0 + query,
                    scores1 + query,
                    ahead.Next(bytesAhead));
            }

            if (dims < call.KeyDim)
            {
                SingleTokens<TSimd, TVector, TElement>.ScoreRest(in call, key0, queries, scores0, in scratch);
                SingleTokens<TSimd, TVector, TElement>.ScoreRest(in call, key1, queries, scores1, in scratch);
            }
        }
    }

    /// <summary>sums[query] += weight · v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(
        in AttentionCall call, byte** values, int count, int queries, ref ReadAhead ahead, in DecodeScratch scratch)
    {
        nint dims = call.ValueDim - (call.ValueDim % TSimd.Width);
        nint stride = scratch.SumStride;
        long bytesAhead = 2 * call.ValueHeadStride * 4 / call.Group;
        for (int token = 0; token < count; token += 2)
        {
            // An odd last token goes with itself, at weight 0.
            bool pair = token + 1 < count;
            byte* value0 = values[token];
            byte* value1 = values[pair ? token + 1 : token];
            float* weights0 = scratch.Scores + ((nint)token * scratch.ScoreStride);
            float* weights1 = pair ? weights0 + scratch.ScoreStride : scratch.Zeros;
            for (nint query = 0; query < queries; query += 4)
            {
                nint offset = scratch.ValueOffsets[query];
                WeightedSums<TSimd, TVector, TElement>.AddTwoToFour(
                    value0 + offset,
                    value1 + offset,
                    weights0 + query,
                    weights1 + query,
                    scratch.Sums + (query * stride),
                    stride,
                    dims,
                    ahead.Next(bytesAhead));
            }

            if (dims < call.ValueDim)
            {
                SingleTokens<TSimd, TVector, TElement>.AccumulateRest(in call, value0, queries, weights0, in scratch);
                SingleTokens<TSimd, TVector, TElement>.AccumulateRest(in call, value1, queries, weights1, in scratch);
            }
        }
    }
}
