using System.Numerics.Tensors;
using KvCache;
using KvCache.Attention;

namespace Generate.Model;

/// <summary>A decoder-only transformer over a step of the cache: tokens in, logits out.</summary>
internal sealed class Transformer
{
    private readonly ModelWeights _weights;
    private readonly RotaryEmbedding _rotary;
    private readonly SelfAttention _attention;
    private readonly FeedForward _feedForward;
    private readonly ActivationBuffer _stream;
    private readonly ActivationBuffer _normed;
    private readonly ActivationBuffer _added;
    private readonly ActivationBuffer _logits;

    public Transformer(ModelShape shape, ModelWeights weights, IKvAttention attention)
    {
        Shape = shape;
        _weights = weights;
        _rotary = new RotaryEmbedding(shape, weights.RotaryFactors);
        _attention = new SelfAttention(shape, attention, _rotary);
        _feedForward = new FeedForward(shape);
        _stream = new ActivationBuffer(shape.Width);
        _normed = new ActivationBuffer(shape.Width);
        _added = new ActivationBuffer(shape.Width);
        _logits = new ActivationBuffer(shape.VocabularySize);
    }

    public ModelShape Shape { get; }

    /// <summary>Computes all layers of a step, and the logits of the tokens that the batch asks them for.</summary>
    /// <returns>[asked tokens][vocabulary], good until the next call.</returns>
    public ReadOnlySpan<float> Forward(KvStep step, StepBatch batch)
    {
        int tokens = batch.Tokens.Length;
        Span<float> stream = _stream.Take(tokens);
        for (int token = 0; token < tokens; token++)
        {
            _weights.Embedding.CopyRow(batch.Tokens[token], stream.Slice(token * Shape.Width, Shape.Width));
        }

        _rotary.Prepare(batch.Positions);
        for (int layer = 0; layer < Shape.Layers; layer++)
        {
            ComputeLayer(step, layer, stream, tokens);
        }

        return ComputeLogits(stream, batch.WithLogits);
    }

    private void ComputeLayer(KvStep step, int layer, Span<float> stream, int tokens)
    {
        LayerWeights weights = _weights.Layers[layer];
        Span<float> normed = _normed.Take(tokens);
        Span<float> added = _added.Take(tokens);

        RootMeanSquareNorm.Apply(stream, weights.AttentionNorm, Shape.NormEpsilon, normed);
        KvLayerView view = step.Enter(layer);
        _attention.Compute(weights, view, normed, added);
        step.Leave(layer);
        TensorPrimitives.Add(stream, added, stream);

        RootMeanSquareNorm.Apply(stream, weights.FeedForwardNorm, Shape.NormEpsilon, normed);
        _feedForward.Compute(weights, normed, added, tokens);
        TensorPrimitives.Add(stream, added, stream);
    }

    private ReadOnlySpan<float> ComputeLogits(ReadOnlySpan<float> stream, ReadOnlySpan<int> asked)
    {
        Span<float> normed = _normed.Take(asked.Length);
        for (int i = 0; i < asked.Length; i++)
        {
            stream.Slice(asked[i] * Shape.Width, Shape.Width).CopyTo(normed.Slice(i * Shape.Width, Shape.Width));
        }

        RootMeanSquareNorm.Apply(normed, _weights.OutputNorm, Shape.NormEpsilon, normed);
        Span<float> logits = _logits.Take(asked.Length);
        _weights.Output.Multiply(normed, logits, asked.Length);
        return logits;
    }
}
