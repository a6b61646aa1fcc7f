namespace KvCache.Serving.Scheduling.Objectives;

/// <summary>Between which lengths an answer is expected to end.</summary>
/// <param name="Least">The lower edge, in tokens of the whole answer.</param>
/// <param name="Most">The upper edge; at least <paramref name="Least"/>.</param>
public readonly record struct OutputLengthRange(int Least, int Most);
