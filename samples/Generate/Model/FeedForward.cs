using System.Numerics.Tensors;

namespace Generate.Model;

/// <summary>The feed-forward half of a layer (SwiGLU): down(silu(gate(x)) · up(x)).</summary>
internal sealed class FeedForward(ModelShape shape)
{
    private readonly ActivationBuffer _gates = new(shape.FeedForwardWidth);
    private readonly ActivationBuffer _ups = new(shape.FeedForwardWidth);

    public void Compute(LayerWeights weights, ReadOnlySpan<float> inputs, Span<float> outputs, int tokens)
    {
        Span<float> gates = _gates.Take(tokens);
        Span<float> ups = _ups.Take(tokens);
        weights.Gate.Multiply(inputs, gates, tokens);
        weights.Up.Multiply(inputs, ups, tokens);
        for (int i = 0; i < gates.Length; i++)
        {
            gates[i] /= 1 + MathF.Exp(-gates[i]);
        }

        TensorPrimitives.Multiply(gates, ups, gates);
        weights.Down.Multiply(gates, outputs, tokens);
    }
}
