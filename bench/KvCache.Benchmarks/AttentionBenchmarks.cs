using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>What the classes about attention share: one contestant is prepared per case, beside the one whose results it must agree with.</summary>
[Config(typeof(AttentionSettings))]
public abstract class AttentionBenchmarks
{
    private ContestantSet? _set;
    private Contestant? _contestant;

    /// <summary>Gets or sets how many threads each contestant may use.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalCleanup]
    public void Cleanup() => _set?.Dispose();

    /// <summary>Prepares a contestant, and makes sure that it computes what the attention computes that all are compared with.</summary>
    private protected void Prepare(AttentionShape shape, string name)
    {
        _set = new ContestantSet(shape, Threads, candidate => candidate == name || candidate == ContestantSet.Ours);
        _contestant = _set[name];
    }

    /// <summary>One layer's part of a step; every call takes the next layer.</summary>
    private protected void RunNext() => _contestant!.RunNext();
}
