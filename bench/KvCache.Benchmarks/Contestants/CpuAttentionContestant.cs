using KvCache.Attention;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>What is measured here: writes the step's keys and values into a layer of a paged cache, and attends where they lie.</summary>
internal sealed class CpuAttentionContestant : Contestant
{
    private readonly AttentionCache _cache;
    private readonly CpuAttention _attention;
    private readonly OperandBuffers _operands;

    /// <summary>Borrows a cache.</summary>
    public CpuAttentionContestant(string name, AttentionShape shape, AttentionCache cache, AttentionData data, int threads)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _attention = new CpuAttention(new CpuAttentionOptions { Threads = threads });
        _operands = new OperandBuffers(shape, data);
    }

    public override ReadOnlySpan<float> Output => _operands.Result;

    protected override void Run(int layer)
    {
        KvLayerView view = _cache.Views[layer];
        _attention.Append(view, _operands.Keys, _operands.Values);
        _attention.Attend(view, _operands.Queries, _operands.Output);
    }

    public override void Dispose()
    {
        _operands.Dispose();
        _attention.Dispose();
    }
}
