namespace KvCache.Serving.Simulation;

/// <summary>What became of one request of a simulation. Times are from the simulation's start.</summary>
/// <param name="Arrival">When it arrived.</param>
/// <param name="PromptTokens">Tokens in its prompt.</param>
/// <param name="OutputTokens">Tokens in its answer.</param>
/// <param name="Refusal">Why it was refused, being longer than all the memory; then the times mean nothing. Otherwise none.</param>
/// <param name="Started">When the first step with a row of it began: until then it queued.</param>
/// <param name="FirstToken">When its first token came.</param>
/// <param name="Finished">When its last token came.</param>
/// <param name="Preemptions">How often its memory was taken.</param>
/// <param name="HitTokens">Tokens found in the cache, over all times that it was given memory.</param>
/// <param name="RecomputedTokens">Tokens computed once more, because their memory was taken.</param>
public readonly record struct RequestRecord(
    TimeSpan Arrival,
    int PromptTokens,
    int OutputTokens,
    KvRefusal Refusal,
    TimeSpan Started,
    TimeSpan FirstToken,
    TimeSpan Finished,
    int Preemptions,
    long HitTokens,
    long RecomputedTokens)
{
    /// <summary>Gets whether it was served.</summary>
    public bool IsServed => Refusal == KvRefusal.None;

    /// <summary>Gets how long it queued before its first step.</summary>
    public TimeSpan Queued => Started - Arrival;

    /// <summary>Gets the time to first token.</summary>
    public TimeSpan TimeToFirstToken => FirstToken - Arrival;

    /// <summary>Gets the end-to-end latency.</summary>
    public TimeSpan Latency => Finished - Arrival;

    /// <summary>Gets the mean time per output token after the first, or null where the answer is one token.</summary>
    public TimeSpan? TimePerOutputToken => OutputTokens > 1 ? (Finished - FirstToken) / (OutputTokens - 1) : null;
}
