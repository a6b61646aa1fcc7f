using Generate.Model;
using Generate.Weights;

namespace Generate.Tests.Model;

/// <summary>The same models written down plainly: double precision, no cache, every position from the beginning.</summary>
internal sealed class ReferenceTransformer(ModelShape shape, ModelWeights weights)
{
    /// <summary>The logits of every position.</summary>
    public double[][] Logits(int[] tokens)
    {
        double[][] stream = [.. tokens.Select(token => Row(weights.Embedding, token))];
        foreach (LayerWeights layer in weights.Layers)
        {
            double[][] attended = Attend(layer, [.. stream.Select(x => Norm(x, layer.AttentionNorm))]);
            stream = [.. stream.Zip(attended, Add)];
            stream = [.. stream.Select(x => Add(x, FeedForward(layer, Norm(x, layer.FeedForwardNorm))))];
        }

        return [.. stream.Select(x => Multiply(weights.Output, Norm(x, weights.OutputNorm)))];
    }

    private double[][] Attend(LayerWeights layer, double[][] inputs)
    {
        double[][][] queries = [.. inputs.Select((x, p) => Heads(Project(layer.Query, x), shape.QueryHeads, layer.QueryNorm, p))];
        double[][][] keys = [.. inputs.Select((x, p) => Heads(Project(layer.Key, x), shape.KvHeads, layer.KeyNorm, p))];
        double[][][] values = [.. inputs.Select(x => Split(Project(layer.Value, x), shape.KvHeads))];
        double[][] outputs = new double[inputs.Length][];
        for (int i = 0; i < inputs.Length; i++)
        {
            List<double> joined = [];
            for (int head = 0; head < shape.QueryHeads; head++)
            {
                int kvHead = head * shape.KvHeads / shape.QueryHeads;
                double[] scores = [.. keys[..(i + 1)].Select(key => Dot(queries[i][head], key[kvHead]) / Math.Sqrt(shape.KeyDim))];
                double[] shares = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
                for (int d = 0; d < shape.ValueDim; d++)
                {
                    joined.Add(shares.Select((share, j) => share * values[j][kvHead][d]).Sum() / shares.Sum());
                }
            }

            outputs[i] = Multiply(layer.AttentionOutput, [.. joined]);
        }

        return outputs;
    }

    private double[][] Heads(double[] projected, int heads, float[] norm, int position) =>
        [.. Split(projected, heads).Select(head => Rotate(norm.Length > 0 ? Norm(head, norm) : head, position))];

    private double[] Rotate(double[] head, int position)
    {
        double[] rotated = [.. head];
        int pairs = shape.RotaryDim / 2;
        for (int pair = 0; pair < pairs; pair++)
        {
            (int a, int b) = shape.Architecture.Name == "llama" ? (2 * pair, (2 * pair) + 1) : (pair, pair + pairs);
            double factor = weights.RotaryFactors.Length > 0 ? weights.RotaryFactors[pair] : 1;
            double angle = position / (double)shape.RotaryScale / factor / Math.Pow(shape.RotaryBase, 2.0 * pair / shape.RotaryDim);
            rotated[a] = (head[a] * Math.Cos(angle)) - (head[b] * Math.Sin(angle));
            rotated[b] = (head[b] * Math.Cos(angle)) + (head[a] * Math.Sin(angle));
        }

        return rotated;
    }

    private static double[] FeedForward(LayerWeights layer, double[] input)
    {
        double[] gate = Multiply(layer.Gate, input);
        return Multiply(layer.Down, [.. Multiply(layer.Up, input).Select((up, i) => up * gate[i] / (1 + Math.Exp(-gate[i])))]);
    }

    private double[] Norm(double[] input, float[] scales)
    {
        double size = Math.Sqrt((Dot(input, input) / input.Length) + shape.NormEpsilon);
        return [.. input.Select((x, i) => x / size * scales[i])];
    }

    private static double[] Project(Projection projection, double[] input)
    {
        double[] output = Multiply(projection.Matrix, input);
        return projection.Bias.Length == 0 ? output : Add(output, [.. projection.Bias.Select(static bias => (double)bias)]);
    }

    private static double[][] Split(double[] values, int heads) => [.. values.Chunk(values.Length / heads)];

    private static double[] Multiply(WeightMatrix matrix, double[] input) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(row => Dot(Row(matrix, row), input))];

    private static double[] Row(WeightMatrix matrix, int row)
    {
        float[] values = new float[matrix.Columns];
        matrix.CopyRow(row, values);
        return [.. values.Select(static value => (double)value)];
    }

    private static double[] Add(double[] left, double[] right) => [.. left.Zip(right, static (a, b) => a + b)];

    private static double Dot(double[] left, double[] right) => left.Zip(right, static (a, b) => a * b).Sum();
}
