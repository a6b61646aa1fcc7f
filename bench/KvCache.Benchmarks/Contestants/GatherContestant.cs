using KvCache.Attention;
using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Copies a layer's pages into one range per row first, and lets the same attention read that.</summary>
internal sealed class GatherContestant : Contestant
{
    private readonly AttentionCache _cache;
    private readonly AttentionCache _scratch;
    private readonly CpuAttention _attention;
    private readonly OperandBuffers _operands;
    private readonly ThreadTeam _team;
    private readonly PageGather _gather;

    /// <summary>Borrows a cache.</summary>
    public GatherContestant(string name, AttentionShape shape, AttentionCache cache, AttentionData data, int threads)
        : base(name, shape, cache.ElementType)
    {
        _cache = cache;
        _scratch = AttentionCache.CreateScratch(shape, cache.ElementType);
        _attention = new CpuAttention(new CpuAttentionOptions { Threads = threads });
        _operands = new OperandBuffers(shape, data);
        _team = new ThreadTeam(threads);
        _gather = new PageGather(_team);
    }

    public override ReadOnlySpan<float> Output => _operands.Result;

    public override void Dispose()
    {
        _team.Dispose();
        _operands.Dispose();
        _attention.Dispose();
        _scratch.Dispose();
    }

    protected override void Run(int layer)
    {
        KvLayerView view = _cache.Views[layer];
        KvLayerView contiguous = _scratch.Views[0];
        _attention.Append(view, _operands.Keys, _operands.Values);
        _gather.Run(view, contiguous);
        _attention.Attend(contiguous, _operands.Queries, _operands.Output);
    }
}
