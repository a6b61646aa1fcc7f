using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A tile's keys and values, four tokens at a time: for groups of any size.</summary>
internal static unsafe class TokenQuads<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    public const int Streams = 4;

    private const int Distance = 1024; // bytes, in each stream

    /// <summary>scores[token][query] = q · k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(in AttentionCall call, in TokenStreams keys, int queries, in DecodeScratch scratch)
    {
        nint dims = call.KeyDim - (call.KeyDim % TSimd.Width);
        nint apart = (nint)keys.Steps * scratch.ScoreStride;
        for (int step = 0; step < keys.Steps; step++)
        {
            byte** rows = keys.Rows + (step * Streams);
            float* scores = scratch.Scores + ((nint)step * scratch.ScoreStride);
            for (nint query = 0; query < queries; query++)
            {
                nint offset = scratch.KeyOffsets[query];
                DotProducts<TSimd, TVector, TElement>.OfFourKeys(
                    rows[0] + offset,
                    rows[1] + offset,
                    rows[2] + offset,
                    rows[3] + offset,
                    scratch.Queries + (query * scratch.QueryStride),
                    dims,
                    scores + query,
                    apart,
                    keys.Ahead(rows, offset, Distance),
                    keys.Ahead(rows + 1, offset, Distance),
                    keys.Ahead(rows + 2, offset, Distance),
                    keys.Ahead(rows + 3, offset, Distance));
            }

            for (int stream = 0; dims < call.KeyDim && stream < Streams; stream++)
            {
                ScoreRest(in call, rows[stream], queries, scores + (stream * apart), in scratch);
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
    public static void Accumulate(in AttentionCall call, in TokenStreams values, int queries, in DecodeScratch scratch)
    {
        nint dims = call.ValueDim - (call.ValueDim % TSimd.Width);
        nint apart = (nint)values.Steps * scratch.ScoreStride;
        for (int step = 0; step < values.Steps; step++)
        {
            byte** rows = values.Rows + (step * Streams);
            float* weights = scratch.Scores + ((nint)step * scratch.ScoreStride);
            for (nint query = 0; query < queries; query++)
            {
                nint offset = scratch.ValueOffsets[query];
                WeightedSums<TSimd, TVector, TElement>.AddFourToOne(
                    rows[0] + offset,
                    rows[1] + offset,
                    rows[2] + offset,
                    rows[3] + offset,
                    weights + query,
                    apart,
                    scratch.Sums + (query * scratch.SumStride),
                    dims,
                    values.Ahead(rows, offset, Distance),
                    values.Ahead(rows + 1, offset, Distance),
                    values.Ahead(rows + 2, offset, Distance),
                    values.Ahead(rows + 3, offset, Distance));
            }

            for (int stream = 0; dims < call.ValueDim && stream < Streams; stream++)
            {
                AccumulateRest(in call, rows[stream], queries, weights + (stream * apart), in scratch);
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
