using KvCache.Attention;

namespace KvCache.Specs.Attention;

/// <summary>Attention in double precision, one query head after the other, as the formula is written.</summary>
public sealed class ReferenceAttention(KvLayerGroup shape, int queryHeads, KvScoring scoring, int tokens)
{
    private readonly double _scale = scoring.Scale == 0 ? 1 / Math.Sqrt(shape.KeyDim) : scoring.Scale;

    public int HeadDim => shape.ValueDim;

    /// <summary>[query][query head][value dim].</summary>
    public double[] Output { get; } = new double[tokens * queryHeads * shape.ValueDim];

    /// <summary>What the output would be if all values were positive: the size of what is summed up.</summary>
    public double[] Magnitudes { get; } = new double[tokens * queryHeads * shape.ValueDim];

    /// <summary>The largest score, without its sign.</summary>
    public double LargestScore { get; private set; }

    /// <summary>Computes the last queries of a row.</summary>
    /// <param name="firstToken">Where the row's queries stand in the output.</param>
    /// <param name="count">How many.</param>
    /// <param name="length">Positions of the row; the queries belong to the last ones.</param>
    /// <param name="keys">[position][KV head][key dim].</param>
    /// <param name="values">[position][KV head][value dim].</param>
    /// <param name="queries">[query][query head][key dim].</param>
    public void Add(int firstToken, int count, int length, double[] keys, double[] values, float[] queries)
    {
        double[] weights = new double[length];
        for (int i = 0; i < count; i++)
        {
            int position = length - count + i;
            for (int head = 0; head < queryHeads; head++)
            {
                int kvHead = head / (queryHeads / shape.KvHeads);
                double[] query = Array.ConvertAll(Slice(queries, (i * queryHeads) + head, shape.KeyDim).ToArray(), element => (double)element);
                double largest = Score(weights.AsSpan(0, position + 1), query, keys, kvHead);
                int output = ((firstToken + i) * queryHeads) + head;
                Average(weights.AsSpan(0, position + 1), largest, values, kvHead, output);
            }
        }
    }

    private double Score(Span<double> scores, double[] query, double[] keys, int kvHead)
    {
        double largest = double.NegativeInfinity;
        for (int position = 0; position < scores.Length; position++)
        {
            ReadOnlySpan<double> key = Slice(keys, (position * shape.KvHeads) + kvHead, shape.KeyDim);
            double product = 0;
            for (int d = 0; d < key.Length && d < query.Length; d++)
            {
                product += query[d] * key[d];
            }

            double score = _scale * product;
            score = scoring.SoftCap == 0 ? score : scoring.SoftCap * Math.Tanh(score / scoring.SoftCap);
            scores[position] = score;
            largest = Math.Max(largest, score);
            LargestScore = Math.Max(LargestScore, Math.Abs(score));
        }

        return largest;
    }

    private void Average(Span<double> scores, double largest, double[] values, int kvHead, int output)
    {
        Span<double> sums = Slice(Output, output, shape.ValueDim);
        Span<double> magnitudes = Slice(Magnitudes, output, shape.ValueDim);
        double total = 0;
        for (int position = 0; position < scores.Length; position++)
        {
            scores[position] = Math.Exp(scores[position] - largest);
            total += scores[position];
        }

        for (int position = 0; position < scores.Length; position++)
        {
            double weight = scores[position] / total;
            ReadOnlySpan<double> value = Slice(values, (position * shape.KvHeads) + kvHead, shape.ValueDim);
            for (int d = 0; d < value.Length && d < sums.Length && d < magnitudes.Length; d++)
            {
                sums[d] += weight * value[d];
                magnitudes[d] += weight * Math.Abs(value[d]);
            }
        }
    }

    private static Span<T> Slice<T>(T[] numbers, int index, int length) => numbers.AsSpan(index * length, length);
}
