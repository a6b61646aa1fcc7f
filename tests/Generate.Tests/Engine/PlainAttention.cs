using KvCache;
using KvCache.Attention;

namespace Generate.Tests.Engine;

/// <summary>Attention one query at a time, float32: a position's bits are the same however positions are put together.</summary>
internal sealed unsafe class PlainAttention : IKvAttention
{
    public void Append(KvLayerView view, KvTensor keys, KvTensor values)
    {
        KvLayerGroup shape = view.Shape;
        for (int row = 0; row < view.RowCount; row++)
        {
            for (int query = view.QueryOffsets[row]; query < view.QueryOffsets[row + 1]; query++)
            {
                int position = PositionOf(view, row, query);
                for (int head = 0; head < shape.KvHeads; head++)
                {
                    Head(keys, query, head).CopyTo(new Span<float>((void*)KeyAddress(view, row, position, head), shape.KeyDim));
                    Head(values, query, head).CopyTo(new Span<float>((void*)ValueAddress(view, row, position, head), shape.ValueDim));
                }
            }
        }
    }

    public void Attend(KvLayerView view, KvTensor queries, KvTensor output, KvScoring scoring)
    {
        for (int row = 0; row < view.RowCount; row++)
        {
            for (int query = view.QueryOffsets[row]; query < view.QueryOffsets[row + 1]; query++)
            {
                for (int head = 0; head < queries.Heads; head++)
                {
                    Attend(view, row, PositionOf(view, row, query), head * view.Shape.KvHeads / queries.Heads, Head(queries, query, head), Head(output, query, head));
                }
            }
        }
    }

    public void Dispose()
    {
    }

    private static void Attend(KvLayerView view, int row, int position, int kvHead, ReadOnlySpan<float> query, Span<float> output)
    {
        double[] shares = new double[position + 1];
        for (int j = 0; j <= position; j++)
        {
            float* key = (float*)KeyAddress(view, row, j, kvHead);
            for (int d = 0; d < query.Length; d++)
            {
                shares[j] += (double)query[d] * key[d] / Math.Sqrt(query.Length);
            }
        }

        double most = shares.Max();
        double sum = shares.Sum(score => Math.Exp(score - most));
        for (int d = 0; d < output.Length; d++)
        {
            double value = 0;
            for (int j = 0; j <= position; j++)
            {
                value += Math.Exp(shares[j] - most) * ((float*)ValueAddress(view, row, j, kvHead))[d];
            }

            output[d] = (float)(value / sum);
        }
    }

    private static int PositionOf(KvLayerView view, int row, int query) => view.Lengths[row] - view.QueryOffsets[row + 1] + query;

    private static Span<float> Head(KvTensor tensor, int token, int head) =>
        new((float*)(tensor.Address + (nint)(token * tensor.TokenStride)) + (head * tensor.HeadDim), tensor.HeadDim);

    private static nint KeyAddress(KvLayerView view, int row, int position, int head) => view.KeyBase + (nint)(
        (view.PageTableRow(row)[position / view.TokensPerPage] * view.KeyPageStride)
        + (position % view.TokensPerPage * view.KeyTokenStride) + (head * view.KeyHeadStride));

    private static nint ValueAddress(KvLayerView view, int row, int position, int head) => view.ValueBase + (nint)(
        (view.PageTableRow(row)[position / view.TokensPerPage] * view.ValuePageStride)
        + (position % view.TokensPerPage * view.ValueTokenStride) + (head * view.ValueHeadStride));
}
