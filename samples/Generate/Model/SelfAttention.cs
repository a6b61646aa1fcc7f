using KvCache;
using KvCache.Attention;

namespace Generate.Model;

/// <summary>The attention half of a layer: projections and rotation are the model's, the cache is the step's.</summary>
internal sealed class SelfAttention(ModelShape shape, IKvAttention attention, RotaryEmbedding rotary)
{
    private readonly ActivationBuffer _queries = new(shape.QueryHeads * shape.KeyDim);
    private readonly ActivationBuffer _keys = new(shape.KvHeads * shape.KeyDim);
    private readonly ActivationBuffer _values = new(shape.KvHeads * shape.ValueDim);
    private readonly ActivationBuffer _heads = new(shape.QueryHeads * shape.ValueDim);

    /// <summary>Attends from the step's tokens to everything before them, and writes their keys and values into the cache.</summary>
    public void Compute(LayerWeights weights, KvLayerView view, ReadOnlySpan<float> inputs, Span<float> outputs)
    {
        int tokens = view.TokenCount;
        Span<float> queries = _queries.Take(tokens);
        Span<float> keys = _keys.Take(tokens);
        Span<float> heads = _heads.Take(tokens);
        weights.Query.Apply(inputs, queries, tokens);
        weights.Key.Apply(inputs, keys, tokens);
        weights.Value.Apply(inputs, _values.Take(tokens), tokens);
        NormAndRotate(queries, weights.QueryNorm, shape.QueryHeads);
        NormAndRotate(keys, weights.KeyNorm, shape.KvHeads);

        attention.Append(view, _keys.ToTensor(tokens, shape.KvHeads), _values.ToTensor(tokens, shape.KvHeads));
        attention.Attend(view, _queries.ToTensor(tokens, shape.QueryHeads), _heads.ToTensor(tokens, shape.QueryHeads));
        weights.AttentionOutput.Multiply(heads, outputs, tokens);
    }

    private void NormAndRotate(Span<float> values, float[] norm, int heads)
    {
        if (norm.Length > 0)
        {
            RootMeanSquareNorm.Apply(values, norm, shape.NormEpsilon, values);
        }

        for (int i = 0; i < values.Length / shape.KeyDim; i++)
        {
            rotary.Rotate(values.Slice(i * shape.KeyDim, shape.KeyDim), token: i / heads);
        }
    }
}
