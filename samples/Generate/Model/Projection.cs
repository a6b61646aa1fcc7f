using System.Numerics.Tensors;
using Generate.Weights;

namespace Generate.Model;

/// <summary>A matrix, and what is added after it; the bias is empty where nothing is.</summary>
internal sealed record Projection(WeightMatrix Matrix, float[] Bias)
{
    public void Apply(ReadOnlySpan<float> inputs, Span<float> outputs, int tokens)
    {
        Matrix.Multiply(inputs, outputs, tokens);
        for (int token = 0; token < tokens && Bias.Length > 0; token++)
        {
            Span<float> output = outputs.Slice(token * Bias.Length, Bias.Length);
            TensorPrimitives.Add(output, Bias, output);
        }
    }
}
