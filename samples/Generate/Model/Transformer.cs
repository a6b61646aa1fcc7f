using KvCache;
using KvCache.Attention;

namespace Generate.Model;

/// <summary>A decoder-only transformer over a step of the cache: tokens in, logits out.</summary>
internal sealed class Transformer
{
    private readonly ModelWeights _weights;
    private readonly ITensorOperations _operations;
    private readonly RotaryEmbedding _rotary;
    private readonly SelfAttention _attention;
    private readonly FeedForward _feedForward;
    private readonly Activations _stream;
    private readonly Activations _normed;
    private readonly Activations _added;
    private readonly Activations _logits;

    public Transformer(ModelShape shape, ModelWeights weights, IKvAttention attention, ITensorOperations operations)
    {
        Shape = shape;
        _weights = weights;
        _operations = operations;
        _rotary = new RotaryEmbedding(shape, weights.RotaryFactors, operations);
        _attention = new SelfAttention(shape, attention, _rotary, operations);
        _feedForward = new FeedForward(shape, operations);
        _stream = operations.Allocate(shape.Width);
        _normed = operations.Allocate(shape.Width);
        _added = operations.Allocate(shape.Width);
        _logits = operations.Allocate(shape.VocabularySize);
    }

    public ModelShape Shape { get; }

    /// <summary>Computes all layers of a step, and the logits of the tokens that the batch asks them for.</summary>
    /// <returns>[asked tokens][vocabulary], good until the next call.</returns>
    public ReadOnlySpan<float> Forward(KvStep step, StepBatch batch)
    {
        int tokens = batch.Tokens.Length;
        _stream.Resize(tokens);
        _normed.Resize(tokens);
        _added.Resize(tokens);
        _operations.Gather(_weights.Embedding, batch.Tokens, _stream);
        _rotary.Prepare(batch.Positions);
        for (int layer = 0; layer < Shape.Layers; layer++)
        {
            ComputeLayer(step, layer);
        }

        return ComputeLogits(batch.WithLogits);
    }

    private void ComputeLayer(KvStep step, int layer)
    {
        LayerWeights weights = _weights.Layers[layer];
        _operations.Norm(_stream, weights.AttentionNorm, Shape.NormEpsilon, _normed);
        KvLayerView view = step.Enter(layer);
        _attention.Compute(weights, view, _normed, _added);
        step.Leave(layer);
        _operations.Add(_stream, _added);

        _operations.Norm(_stream, weights.FeedForwardNorm, Shape.NormEpsilon, _normed);
        _feedForward.Compute(weights, _normed, _added);
        _operations.Add(_stream, _added);
    }

    private ReadOnlySpan<float> ComputeLogits(ReadOnlySpan<int> asked)
    {
        _normed.Resize(asked.Length);
        _logits.Resize(asked.Length);
        _operations.Gather(_stream, asked, _normed);
        _operations.Norm(_normed, _weights.OutputNorm, Shape.NormEpsilon, _normed);
        _operations.Multiply(_weights.Output, _normed, _logits);
        return _operations.Read(_logits);
    }
}
