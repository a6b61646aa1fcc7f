namespace KvCache.Serving.Simulation;

/// <summary>A request that arrives in a simulation.</summary>
/// <param name="Arrival">When, from the simulation's start; not before that of the request before it.</param>
/// <param name="PromptTokens">Tokens in its prompt; at least 1.</param>
/// <param name="OutputTokens">Tokens in its answer; at least 1.</param>
public sealed record SimulatedRequest(TimeSpan Arrival, int PromptTokens, int OutputTokens)
{
    /// <summary>Gets what it says, read when it arrives; null for tokens that no other request has.</summary>
    public ITokenSource? Text { get; init; }

    /// <summary>Gets the urgency: a smaller number goes first and is preempted last.</summary>
    public int Priority { get; init; }
}
