namespace KvCache.Serving.Tests.Scheduling.Reference;

/// <summary>A request of the reference scheduler.</summary>
internal sealed class ReferenceRequest(int id, Arrival arrival, int priority)
{
    public int Id => id;

    public Arrival Arrival => arrival;

    public int Priority => priority;

    public List<int> Tokens { get; } = [.. Enumerable.Range(0, arrival.Prompt).Select(arrival.TokenAt)];

    public List<int> Blocks { get; } = [];

    public int Computed { get; set; }

    public int Scheduled { get; set; }

    public bool IsCancelled { get; set; }

    public bool IsFinished => Tokens.Count == arrival.Prompt + arrival.Output;
}
