using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Plain loops over the view, on one thread, float32.</summary>
internal sealed class NaiveContestant : Contestant
{
    private readonly AttentionCache _cache;
    private readonly OperandBuffers _operands;

    /// <summary>Borrows a cache.</summary>
    public NaiveContestant(string name, AttentionShape shape, AttentionCache cache, AttentionData data)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _operands = new OperandBuffers(shape, data);
    }

    public override ReadOnlySpan<float> Output => _operands.Result;

    public override void Dispose() => _operands.Dispose();

    protected override void Run(int layer)
    {
        KvLayerView view = _cache.Views[layer];
        NaiveAppend.Append(view, _operands.Keys, _operands.Values);
        NaiveAttention.Attend(view, _operands.Queries, _operands.Output);
    }
}
