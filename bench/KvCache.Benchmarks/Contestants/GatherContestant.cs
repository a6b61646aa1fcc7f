using KvCache.Attention;
using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Copies a layer's pages into one range per row first, and lets the same attention read that; on the same threads.</summary>
internal sealed class GatherContestant : Contestant
{
    private readonly AttentionCache _cache;
    private readonly AttentionCache _scratch;
    private readonly CpuAttention _attention;
    private readonly OperandBuffers _operands;
    private readonly WorkerSet _workers;
    private readonly PageGather[] _gathers;

    /// <summary>Borrows a cache.</summary>
    public GatherContestant(string name, AttentionShape shape, AttentionCache cache, AttentionData data, int threads)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _scratch = AttentionCache.CreateScratch(shape, cache.ElementType);
        _attention = new CpuAttention(new CpuAttentionOptions { Threads = threads });
        _operands = new OperandBuffers(shape, data);

        // Threads of its own would wait for the attention's to stop looking out for work, and the other way round.
        _workers = _attention.Workers;
        _gathers = [.. cache.Views.Select(view => new PageGather(view, _scratch.Views[0]))];
    }

    public override ReadOnlySpan<float> Output => _operands.Result;

    public override void Dispose()
    {
        _operands.Dispose();
        _attention.Dispose();
        _scratch.Dispose();
    }

    protected override void Run(int layer)
    {
        _attention.Append(_cache.Views[layer], _operands.Keys, _operands.Values);
        _workers.Run(_gathers[layer], _gathers[layer].Parts);
        _attention.Attend(_scratch.Views[0], _operands.Queries, _operands.Output);
    }
}
