namespace KvCache.Serving.Simulation;

/// <summary>One step of a simulation.</summary>
/// <param name="Start">When it began.</param>
/// <param name="End">When it ended.</param>
/// <param name="ScheduledTokens">Tokens that it computed.</param>
/// <param name="PrefillTokens">Those of prompts, and those computed again after a preemption.</param>
/// <param name="DecodeRequests">Requests that it continued by a token.</param>
/// <param name="Preempted">Requests whose memory was taken for its sake.</param>
/// <param name="Running">Requests running, once it was scheduled.</param>
/// <param name="Waiting">Requests waiting, once it was scheduled.</param>
/// <param name="AvailableBlocks">Blocks that could be handed out, once it was scheduled: free ones, and cached ones that nobody owns.</param>
public readonly record struct StepRecord(
    TimeSpan Start,
    TimeSpan End,
    int ScheduledTokens,
    int PrefillTokens,
    int DecodeRequests,
    int Preempted,
    int Running,
    int Waiting,
    int AvailableBlocks);
