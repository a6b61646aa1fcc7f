namespace KvCache.Serving.Scheduling;

/// <summary>What a scheduler has done so far.</summary>
/// <param name="Steps">Steps completed.</param>
/// <param name="PrefillTokens">Tokens computed of prompts, and again after preemptions.</param>
/// <param name="DecodeTokens">Tokens computed one at a time, continuing an answer.</param>
/// <param name="HitTokens">Tokens found in the cache when memory was given.</param>
/// <param name="RecomputedTokens">Tokens computed once more because their memory had been taken.</param>
/// <param name="Preemptions">How often memory was taken.</param>
/// <param name="Suspensions">How often it was kept on the host then.</param>
/// <param name="Resumptions">How often it was brought back from there.</param>
public readonly record struct SchedulerStatistics(
    long Steps, long PrefillTokens, long DecodeTokens, long HitTokens, long RecomputedTokens, long Preemptions, long Suspensions, long Resumptions);
