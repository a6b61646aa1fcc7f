using KvCache.Attention;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Attention as one would write it first: for every query head, every key by the address formula, softmax over all scores. One thread.</summary>
internal static unsafe class NaiveAttention
{
    public static void Attend(KvLayerView view, KvTensor queries, KvTensor output)
    {
        KvLayerGroup shape = view.Shape;
        float scale = 1 / MathF.Sqrt(shape.KeyDim);
        int headsPerKvHead = queries.Heads / shape.KvHeads;
        for (int row = 0; row < view.RowCount; row++)
        {
            float[] scores = new float[view.Lengths[row]];
            int past = view.Lengths[row] - (view.QueryOffsets[row + 1] - view.QueryOffsets[row]);
            for (int i = view.QueryOffsets[row]; i < view.QueryOffsets[row + 1]; i++)
            {
                Span<float> visible = scores.AsSpan(0, past + i - view.QueryOffsets[row] + 1);
                for (int head = 0; head < queries.Heads; head++)
                {
                    float* query = (float*)(queries.Address + (nint)(i * queries.TokenStride)) + (head * shape.KeyDim);
                    float* result = (float*)(output.Address + (nint)(i * output.TokenStride)) + (head * shape.ValueDim);
                    Score(view, row, head / headsPerKvHead, query, scale, visible);
                    Softmax(visible);
                    Combine(view, row, head / headsPerKvHead, visible, result);
                }
            }
        }
    }

    private static void Score(KvLayerView view, int row, int kvHead, float* query, float scale, Span<float> scores)
    {
        ReadOnlySpan<int> pages = view.PageTableRow(row);
        int keyDim = view.Shape.KeyDim;
        int tokensPerPage = view.TokensPerPage;
        for (int t = 0; t < scores.Length; t++)
        {
            (int page, int offset) = Math.DivRem(t, tokensPerPage);
            float* key = (float*)(view.KeyBase
                + (nint)((pages[page] * view.KeyPageStride) + (offset * view.KeyTokenStride) + (kvHead * view.KeyHeadStride)));
            float dot = 0;
            for (int d = 0; d < keyDim; d++)
            {
                dot += query[d] * key[d];
            }

            scores[t] = dot * scale;
        }
    }

    private static void Softmax(Span<float> scores)
    {
        float largest = float.NegativeInfinity;
        foreach (float score in scores)
        {
            largest = MathF.Max(largest, score);
        }

        float sum = 0;
        foreach (ref float score in scores)
        {
            score = MathF.Exp(score - largest);
            sum += score;
        }

        foreach (ref float score in scores)
        {
            score /= sum;
        }
    }

    private static void Combine(KvLayerView view, int row, int kvHead, ReadOnlySpan<float> weights, float* result)
    {
        ReadOnlySpan<int> pages = view.PageTableRow(row);
        int valueDim = view.Shape.ValueDim;
        int tokensPerPage = view.TokensPerPage;
        new Span<float>(result, valueDim).Clear();
        for (int t = 0; t < weights.Length; t++)
        {
            (int page, int offset) = Math.DivRem(t, tokensPerPage);
            float* value = (float*)(view.ValueBase
                + (nint)((pages[page] * view.ValuePageStride) + (offset * view.ValueTokenStride) + (kvHead * view.ValueHeadStride)));
            for (int d = 0; d < valueDim; d++)
            {
                result[d] += weights[t] * value[d];
            }
        }
    }
}
