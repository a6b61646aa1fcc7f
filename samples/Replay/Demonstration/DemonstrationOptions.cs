namespace Replay.Demonstration;

/// <summary>The size of the demonstration. The same options give the same turns, tokens and hits on every machine.</summary>
internal sealed record DemonstrationOptions
{
    public int Seed { get; init; } = 20_250_917;

    /// <summary>Gets the system prompts that conversations begin with.</summary>
    public int SystemPrompts { get; init; } = 12;

    /// <summary>Gets the sessions; each is one conversation at a time.</summary>
    public int Sessions { get; init; } = 400;

    /// <summary>Gets the turns over all sessions.</summary>
    public int Turns { get; init; } = 4_000;

    /// <summary>Gets the most tokens of a conversation; one that would be longer begins anew.</summary>
    public int LongestConversation { get; init; } = 4_096;

    /// <summary>Gets how steeply popularity falls from rank to rank, for system prompts and for sessions.</summary>
    public double ZipfExponent { get; init; } = 0.9;

    /// <summary>Gets the share of turns for which two answers are sampled.</summary>
    public double ParallelSampling { get; init; } = 0.15;

    /// <summary>Gets the turns that run at one time, at most.</summary>
    public int MaxRunning { get; init; } = 8;

    public int BlockTokens { get; init; } = 16;

    /// <summary>Gets the bounded capacities in blocks; an unbounded one follows them.</summary>
    public IReadOnlyList<int> Capacities { get; init; } = [1_024, 2_048, 4_096, 8_192, 16_384, 32_768];
}
