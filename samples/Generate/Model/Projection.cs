using Generate.Weights;

namespace Generate.Model;

/// <summary>A matrix, and what is added after it; the bias is empty where nothing is.</summary>
internal sealed record Projection(WeightMatrix Matrix, float[] Bias)
{
    public void Apply(ITensorOperations operations, Activations inputs, Activations outputs)
    {
        outputs.Resize(inputs.Tokens);
        operations.Multiply(Matrix, inputs, outputs);
        if (Bias.Length > 0)
        {
            operations.AddBias(Bias, outputs);
        }
    }
}
