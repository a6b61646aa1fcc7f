using System.Runtime.CompilerServices;
using KvCache.Attention.Elements;
using KvCache.Attention.Simd;

namespace KvCache.Attention;

/// <summary>A tile's keys and values, two tokens at a time: for groups of a multiple of four query heads.</summary>
/// <remarks>There the arithmetic weighs as much as the memory: two tokens share the loads and stores of four query heads, which
/// share their keys and values.</remarks>
internal static unsafe class TokenPairs<TSimd, TVector, TElement>
    where TSimd : struct, ISimd<TVector>
    where TVector : struct
    where TElement : struct, IElement
{
    public const int Streams = 2;

    private const int Distance = 4096; // bytes, in each stream

    /// <summary>scores[token][query] = q · k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score(in AttentionCall call, in TokenStreams keys, int queries, in DecodeScratch scratch)
    {
        nint dims = call.KeyDim - (call.KeyDim % TSimd.Width);
        nint stride = scratch.QueryStride;
        nint apart = (nint)keys.Steps * scratch.ScoreStride;
        for (int step = 0; step < keys.Steps; step++)
        {
            byte** rows = keys.Rows + (step * Streams);
            float* scores = scratch.Scores + ((nint)step * scratch.ScoreStride);
            for (nint query = 0; query < queries; query += 4)
            {
                nint offset = scratch.KeyOffsets[query];
                DotProducts<TSimd, TVector, TElement>.OfTwoKeys(
                    rows[0] + offset,
                    rows[1] + offset,
                    scratch.Queries + (query * stride),
                    stride,
                    dims,
                    scores + query,
                    apart,
                    keys.Ahead(rows, offset, Distance),
                    keys.Ahead(rows + 1, offset, Distance));
            }

            for (int stream = 0; dims < call.KeyDim && stream < Streams; stream++)
            {
                TokenQuads<TSimd, TVector, TElement>.ScoreRest(in call, rows[stream], queries, scores + (stream * apart), in scratch);
            }
        }
    }

    /// <summary>sums[query] += weight · v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate(in AttentionCall call, in TokenStreams values, int queries, in DecodeScratch scratch)
    {
        nint dims = call.ValueDim - (call.ValueDim % TSimd.Width);
        int step = 0;

        // Where elements are short, arithmetic sets the pace: two steps at once load and store the sums half as often. Their weights fill
        // registers that only the widest vectors have. Float32 waits for memory, which four rows at once read a quarter slower.
        for (; TSimd.ManyRegisters && TElement.Bytes < sizeof(float) && step + 1 < values.Steps; step += 2)
        {
            AddTwoSteps(in values, step, queries, dims, in scratch);
            AddRest(in call, in values, step, queries, dims, in scratch);
            AddRest(in call, in values, step + 1, queries, dims, in scratch);
        }

        for (; step < values.Steps; step++)
        {
            AddStep(in values, step, queries, dims, in scratch);
            AddRest(in call, in values, step, queries, dims, in scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTwoSteps(in TokenStreams values, int step, int queries, nint dims, in DecodeScratch scratch)
    {
        byte** rows = values.Rows + (step * Streams);
        float* weights = scratch.Scores + ((nint)step * scratch.ScoreStride);
        for (nint query = 0; query < queries; query += 4)
        {
            nint offset = scratch.ValueOffsets[query];
            WeightedSums<TSimd, TVector, TElement>.AddFourToFour(
                rows,
                offset,
                weights + query,
                (nint)values.Steps * scratch.ScoreStride,
                scratch.ScoreStride,
                scratch.Sums + (query * scratch.SumStride),
                scratch.SumStride,
                dims,
                values.Ahead(rows, offset, Distance),
                values.Ahead(rows + 1, offset, Distance),
                values.Ahead(rows + 2, offset, Distance),
                values.Ahead(rows + 3, offset, Distance));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddStep(in TokenStreams values, int step, int queries, nint dims, in DecodeScratch scratch)
    {
        byte** rows = values.Rows + (step * Streams);
        float* weights = scratch.Scores + ((nint)step * scratch.ScoreStride);
        for (nint query = 0; query < queries; query += 4)
        {
            nint offset = scratch.ValueOffsets[query];
            WeightedSums<TSimd, TVector, TElement>.AddTwoToFour(
                rows[0] + offset,
                rows[1] + offset,
                weights + query,
                (nint)values.Steps * scratch.ScoreStride,
                scratch.Sums + (query * scratch.SumStride),
                scratch.SumStride,
                dims,
                values.Ahead(rows, offset, Distance),
                values.Ahead(rows + 1, offset, Distance));
        }
    }

    /// <summary>What no whole vector of a step's values covers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRest(in AttentionCall call, in TokenStreams values, int step, int queries, nint dims, in DecodeScratch scratch)
    {
        float* weights = scratch.Scores + ((nint)step * scratch.ScoreStride);
        for (int stream = 0; dims < call.ValueDim && stream < Streams; stream++)
        {
            TokenQuads<TSimd, TVector, TElement>.AccumulateRest(
                in call, values.Rows[(step * Streams) + stream], queries, weights + (stream * (nint)values.Steps * scratch.ScoreStride), in scratch);
        }
    }
}
