namespace KvCache.Layerwise;

/// <summary>Orders in which sequences give up layers where memory is short; the least gives first.</summary>
public static class OffloadOrder
{
    /// <summary>Gets the order of those that keep more than they must, then of the youngest, as request-wise preemption has it.</summary>
    public static IComparer<OffloadCandidate> YoungestFirst { get; } = Comparer<OffloadCandidate>.Create(static (a, b) =>
        a.HasExcess != b.HasExcess ? (a.HasExcess ? -1 : 1) : b.Age.CompareTo(a.Age));

    /// <summary>Gets the order of those that keep more than they must, then of the longest: fewest sequences give, each much.</summary>
    public static IComparer<OffloadCandidate> LongestFirst { get; } = Comparer<OffloadCandidate>.Create(static (a, b) =>
        a.HasExcess != b.HasExcess ? (a.HasExcess ? -1 : 1)
        : a.Tokens != b.Tokens ? b.Tokens.CompareTo(a.Tokens)
        : b.Age.CompareTo(a.Age));
}
