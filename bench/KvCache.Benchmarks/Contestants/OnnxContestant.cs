using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;
using Microsoft.ML.OnnxRuntime;

namespace KvCache.Benchmarks.Contestants;

/// <summary>
/// ONNX Runtime's GroupQueryAttention on the processor: past and present share one contiguous buffer per layer, inputs and
/// outputs are bound once, threads may spin. It writes the new keys and values and attends, as the contestants here do.
/// </summary>
internal sealed class OnnxContestant<T> : Contestant
    where T : unmanaged
{
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OnnxLayerBinding<T>[] _layers;
    private readonly OnnxOperands<T> _operands;

    public OnnxContestant(string name, AttentionShape shape, AttentionData data, int threads)
        : base(name, shape, OnnxElement<T>.Stored)
    {
        using SessionOptions options = new() { IntraOpNumThreads = threads, InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        byte[] model = GroupQueryAttentionModel.Create(
            shape.QueryHeads, shape.KvHeads, shape.HeadDim, OnnxElement<T>.Type);
        _session = new InferenceSession(model, options);
        _operands = new OnnxOperands<T>(shape, data);
        _layers = [.. Enumerable.Range(0, shape.Layers(OnnxElement<T>.Stored))
            .Select(layer => new OnnxLayerBinding<T>(_session, shape, data, _operands, layer))];
    }

    public override ReadOnlySpan<float> Output => _operands.Result();

    protected override void Run(int layer) => _session.RunWithBinding(_options, _layers[layer].Binding);

    public override void Dispose()
    {
        foreach (OnnxLayerBinding<T> layer in _layers)
        {
            layer.Dispose();
        }

        _operands.Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
