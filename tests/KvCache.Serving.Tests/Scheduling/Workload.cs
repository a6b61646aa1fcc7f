namespace KvCache.Serving.Tests.Scheduling;

/// <summary>A memory, a scheduler's limits, and requests that come to it.</summary>
public sealed record Workload(
    int BlockTokens, int Blocks, int StepTokens, int Sequences, bool Caching, bool Priorities, IReadOnlyList<Arrival> Arrivals)
{
    /// <summary>Gets whether no request begins like another, so that each finds its own blocks only.</summary>
    public bool IsUnshared => Arrivals.All(static arrival => arrival.Kind < 0);

    public int PriorityOf(Arrival arrival) => Priorities ? arrival.Priority : 0;

    public override string ToString() =>
        $"blocks {Blocks} × {BlockTokens}, step {StepTokens}, sequences {Sequences}, caching {Caching}, priorities {Priorities}\n"
        + string.Join('\n', Arrivals);
}
