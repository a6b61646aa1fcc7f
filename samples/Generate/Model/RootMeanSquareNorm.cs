using System.Numerics.Tensors;

namespace Generate.Model;

/// <summary>Root mean square normalization: each vector divided by its own size, then scaled element by element.</summary>
internal static class RootMeanSquareNorm
{
    /// <summary>Norms vectors as long as <paramref name="scales"/>; the outputs may be the inputs.</summary>
    public static void Apply(ReadOnlySpan<float> inputs, ReadOnlySpan<float> scales, float epsilon, Span<float> outputs)
    {
        for (int start = 0; start < inputs.Length; start += scales.Length)
        {
            ReadOnlySpan<float> input = inputs.Slice(start, scales.Length);
            Span<float> output = outputs.Slice(start, scales.Length);
            float factor = (float)(1 / Math.Sqrt((SumOfSquares(input) / scales.Length) + epsilon));
            TensorPrimitives.Multiply(input, factor, output);
            TensorPrimitives.Multiply(output, scales, output);
        }
    }

    /// <summary>In order, so that a vector's sum does not depend on where in memory it lies.</summary>
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
        {
            sum += (double)value * value;
        }

        return sum;
    }
}
