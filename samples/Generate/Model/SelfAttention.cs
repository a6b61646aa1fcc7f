using KvCache;
using KvCache.Attention;

namespace Generate.Model;

/// <summary>The attention half of a layer: projections and rotation are the model's, the cache is the step's.</summary>
internal sealed class SelfAttention(
    ModelShape shape, IKvAttention attention, RotaryEmbedding rotary, ITensorOperations operations)
{
    private readonly Activations _queries = operations.Allocate(shape.QueryHeads * shape.KeyDim);
    private readonly Activations _keys = operations.Allocate(shape.KvHeads * shape.KeyDim);
    private readonly Activations _values = operations.Allocate(shape.KvHeads * shape.ValueDim);
    private readonly Activations _heads = operations.Allocate(shape.QueryHeads * shape.ValueDim);

    /// <summary>Attends from the step's tokens to everything before them, and writes their keys and values into the cache.</summary>
    public void Compute(LayerWeights weights, KvLayerView view, Activations inputs, Activations outputs)
    {
        weights.Query.Apply(operations, inputs, _queries);
        weights.Key.Apply(operations, inputs, _keys);
        weights.Value.Apply(operations, inputs, _values);
        NormAndRotate(_queries, weights.QueryNorm);
        NormAndRotate(_keys, weights.KeyNorm);
        _heads.Resize(inputs.Tokens);

        attention.Append(view, _keys.ToTensor(shape.KvHeads), _values.ToTensor(shape.KvHeads));
        attention.Attend(view, _queries.ToTensor(shape.QueryHeads), _heads.ToTensor(shape.QueryHeads));
        operations.Multiply(weights.AttentionOutput, _heads, outputs);
    }

    private void NormAndRotate(Activations values, float[] norm)
    {
        if (norm.Length > 0)
        {
            operations.Norm(values, norm, shape.NormEpsilon, values);
        }

        rotary.Rotate(values, shape.KeyDim);
    }
}
