namespace KvCache.Serving.Simulation;

/// <summary>What the requests of a simulation got, summed up.</summary>
/// <param name="Served">Requests served.</param>
/// <param name="Refused">Requests refused, being longer than all the memory.</param>
/// <param name="Makespan">From the first arrival to the last token.</param>
/// <param name="TimeToFirstToken">From arrival to first token.</param>
/// <param name="TimePerOutputToken">Mean time per token after the first, of requests with at least two.</param>
/// <param name="Latency">From arrival to last token.</param>
/// <param name="QueueingShare">The part of all time to first token that was spent before the first step; 0 … 1.</param>
/// <param name="Violations">Requests that missed an objective; refused ones among them.</param>
/// <param name="Throughput">Requests served per second of the makespan.</param>
/// <param name="TokenThroughput">Output tokens per second of the makespan.</param>
/// <param name="Goodput">Requests per second of the makespan that met all objectives.</param>
/// <param name="Preemptions">How often memory was taken.</param>
/// <param name="HitTokens">Tokens found in the cache.</param>
/// <param name="RecomputedTokens">Tokens computed once more after a preemption.</param>
/// <param name="PeakBlocks">The most blocks owned at a time.</param>
public sealed record ServiceSummary(
    int Served,
    int Refused,
    TimeSpan Makespan,
    LatencyDistribution TimeToFirstToken,
    LatencyDistribution TimePerOutputToken,
    LatencyDistribution Latency,
    double QueueingShare,
    int Violations,
    double Throughput,
    double TokenThroughput,
    double Goodput,
    long Preemptions,
    long HitTokens,
    long RecomputedTokens,
    int PeakBlocks)
{
    internal static ServiceSummary Of(SimulationResult result, ServiceObjectives objectives)
    {
        RequestRecord[] served = [.. result.Requests.Where(static request => request.IsServed)];
        int good = served.Count(objectives.AreMet);
        TimeSpan makespan = served.Length == 0
            ? TimeSpan.Zero
            : served.Max(static request => request.Finished) - result.Requests[0].Arrival;
        double firstTokenTime = served.Sum(static request => request.TimeToFirstToken.TotalSeconds);
        double Rate(double count) => makespan > TimeSpan.Zero ? count / makespan.TotalSeconds : 0;
        return new ServiceSummary(
            served.Length,
            result.Requests.Count - served.Length,
            makespan,
            LatencyDistribution.Of(served.Select(static request => request.TimeToFirstToken)),
            LatencyDistribution.Of(served.Select(static request => request.TimePerOutputToken).OfType<TimeSpan>()),
            LatencyDistribution.Of(served.Select(static request => request.Latency)),
            firstTokenTime > 0 ? served.Sum(static request => request.Queued.TotalSeconds) / firstTokenTime : 0,
            result.Requests.Count - good,
            Rate(served.Length),
            Rate(served.Sum(static request => (double)request.OutputTokens)),
            Rate(good),
            served.Sum(static request => (long)request.Preemptions),
            served.Sum(static request => request.HitTokens),
            served.Sum(static request => request.RecomputedTokens),
            result.Steps.Count == 0 ? 0 : result.TotalBlocks - result.Steps.Min(static step => step.AvailableBlocks));
    }
}
