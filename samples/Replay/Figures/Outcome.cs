using KvCache.Serving.Simulation;

namespace Replay.Figures;

/// <summary>What came of a case: means over its seeds.</summary>
internal sealed record Outcome(Case Case)
{
    private const double BytesPerGib = 1L << 30;

    public int Seeds { get; init; }

    /// <summary>Gets seconds to the first token.</summary>
    public double FirstToken { get; init; }

    public double FirstTokenP99 { get; init; }

    /// <summary>Gets milliseconds per output token.</summary>
    public double Token { get; init; }

    public double TokenP99 { get; init; }

    /// <summary>Gets the part of all time to first token that was spent in the queue.</summary>
    public double QueueingShare { get; init; }

    /// <summary>Gets the share of requests that missed an objective.</summary>
    public double Violations { get; init; }

    public double FirstTokenViolations { get; init; }

    public double TokenViolations { get; init; }

    /// <summary>Gets output tokens per second.</summary>
    public double Throughput { get; init; }

    public double Makespan { get; init; }

    public double Preemptions { get; init; }

    public double GibToDevice { get; init; }

    public double GibToHost { get; init; }

    /// <summary>Gets the seconds that the device waited for copies.</summary>
    public double Stalled { get; init; }

    public static Outcome Of(Case of, SimulationResult result, long bytesToDevice, long bytesToHost, TimeSpan stalled)
    {
        ServiceSummary summary = result.Summarize(of.Objectives);
        double count = result.Requests.Count;
        return new Outcome(of)
        {
            Seeds = 1,
            FirstToken = summary.TimeToFirstToken.Mean.TotalSeconds,
            FirstTokenP99 = summary.TimeToFirstToken.P99.TotalSeconds,
            Token = summary.TimePerOutputToken.Mean.TotalMilliseconds,
            TokenP99 = summary.TimePerOutputToken.P99.TotalMilliseconds,
            QueueingShare = summary.QueueingShare,
            Violations = summary.Violations / count,
            FirstTokenViolations = result.Requests.Count(request => request.TimeToFirstToken > of.FirstTokenObjective) / count,
            TokenViolations = result.Requests.Count(request => request.TimePerOutputToken > of.TokenObjective) / count,
            Throughput = summary.TokenThroughput,
            Makespan = summary.Makespan.TotalSeconds,
            Preemptions = summary.Preemptions,
            GibToDevice = bytesToDevice / BytesPerGib,
            GibToHost = bytesToHost / BytesPerGib,
            Stalled = stalled.TotalSeconds,
        };
    }

    public static Outcome Mean(IReadOnlyList<Outcome> seeds)
    {
        double Of(Func<Outcome, double> figure) => seeds.Average(figure);
        return new Outcome(seeds[0].Case)
        {
            Seeds = seeds.Count,
            FirstToken = Of(static seed => seed.FirstToken),
            FirstTokenP99 = Of(static seed => seed.FirstTokenP99),
            Token = Of(static seed => seed.Token),
            TokenP99 = Of(static seed => seed.TokenP99),
            QueueingShare = Of(static seed => seed.QueueingShare),
            Violations = Of(static seed => seed.Violations),
            FirstTokenViolations = Of(static seed => seed.FirstTokenViolations),
            TokenViolations = Of(static seed => seed.TokenViolations),
            Throughput = Of(static seed => seed.Throughput),
            Makespan = Of(static seed => seed.Makespan),
            Preemptions = Of(static seed => seed.Preemptions),
            GibToDevice = Of(static seed => seed.GibToDevice),
            GibToHost = Of(static seed => seed.GibToHost),
            Stalled = Of(static seed => seed.Stalled),
        };
    }
}
