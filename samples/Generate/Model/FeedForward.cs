namespace Generate.Model;

/// <summary>The feed-forward half of a layer (SwiGLU): down(silu(gate(x)) · up(x)).</summary>
internal sealed class FeedForward(ModelShape shape, ITensorOperations operations)
{
    private readonly Activations _gates = operations.Allocate(shape.FeedForwardWidth);
    private readonly Activations _ups = operations.Allocate(shape.FeedForwardWidth);

    public void Compute(LayerWeights weights, Activations inputs, Activations outputs)
    {
        _gates.Resize(inputs.Tokens);
        _ups.Resize(inputs.Tokens);
        operations.Multiply(weights.Gate, inputs, _gates);
        operations.Multiply(weights.Up, inputs, _ups);
        operations.Gate(_gates, _ups);
        operations.Multiply(weights.Down, _gates, outputs);
    }
}
