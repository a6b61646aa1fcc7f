using KvCache.Serving.Simulation;
using Xunit;

namespace KvCache.Serving.Tests.Simulation;

/// <summary>Sums over requests whose times are given.</summary>
public sealed class ServiceSummaryTests
{
    [Fact]
    public void A_percentile_is_an_element_of_the_sorted_times()
    {
        LatencyDistribution distribution = LatencyDistribution.Of(Enumerable.Range(0, 200).Reverse().Select(static i => TimeSpan.FromSeconds(i)));
        Assert.Equal((200, 99.5, 100, 180, 198), (distribution.Count, distribution.Mean.TotalSeconds, distribution.P50.TotalSeconds, distribution.P90.TotalSeconds, distribution.P99.TotalSeconds));
        LatencyDistribution single = LatencyDistribution.Of([TimeSpan.FromSeconds(3)]);
        Assert.Equal(new LatencyDistribution(1, single.Mean, single.Mean, single.Mean, single.Mean), single);
        Assert.Equal(default, LatencyDistribution.Of([]));
    }

    [Fact]
    public void Sums_are_those_of_the_requests()
    {
        RequestRecord[] requests =
        [
            Record(arrival: 10, started: 11, firstToken: 14, finished: 20, output: 4, preemptions: 2, hit: 5, recomputed: 7),
            Record(arrival: 12, started: 18, firstToken: 20, finished: 20, output: 1),
            Record(arrival: 13, started: 15, firstToken: 17, finished: 30, output: 14, hit: 1),
            default(RequestRecord) with { Arrival = TimeSpan.FromSeconds(14), Refusal = KvRefusal.TooLong },
        ];
        StepRecord step = new(default, default, 1, 1, 0, 0, 1, 0, AvailableBlocks: 30);
        SimulationResult result = new([step, step with { AvailableBlocks = 12 }], requests, TotalBlocks: 100);
        ServiceSummary summary = result.Summarize(new ServiceObjectives(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1.5)));
        Assert.Equal((3, 1, TimeSpan.FromSeconds(20)), (summary.Served, summary.Refused, summary.Makespan));
        Assert.Equal((3, 16 / 3.0), (summary.TimeToFirstToken.Count, summary.TimeToFirstToken.Mean.TotalSeconds), (a, b) => a.Item1 == b.Item1 && Math.Abs(a.Item2 - b.Item2) < 1e-6);
        Assert.Equal((2, 1.5), (summary.TimePerOutputToken.Count, summary.TimePerOutputToken.Mean.TotalSeconds));
        Assert.Equal((10, 8, 17), (summary.Latency.P50.TotalSeconds, result.Requests[1].Latency.TotalSeconds, summary.Latency.P99.TotalSeconds));
        Assert.Equal(9 / 16.0, summary.QueueingShare, 12);

        // The first misses the time per token (2 s), the second the time to first token (8 s), the third neither (4 s and 1 s).
        Assert.Equal(3, summary.Violations);
        Assert.Equal((3 / 20.0, 19 / 20.0, 1 / 20.0), (summary.Throughput, summary.TokenThroughput, summary.Goodput));
        Assert.Equal((2L, 6L, 7L, 88), (summary.Preemptions, summary.HitTokens, summary.RecomputedTokens, summary.PeakBlocks));
        Assert.Equal((1, 3 / 20.0), (result.Summarize().Violations, result.Summarize().Goodput));
    }

    [Fact]
    public void Nothing_sums_up_to_nothing()
    {
        ServiceSummary summary = new SimulationResult([], [], TotalBlocks: 10).Summarize();
        Assert.Equal((0, 0, TimeSpan.Zero, 0.0, 0.0, 0), (summary.Served, summary.Violations, summary.Makespan, summary.Throughput, summary.QueueingShare, summary.PeakBlocks));
    }

    private static RequestRecord Record(
        int arrival, int started, int firstToken, int finished, int output, int preemptions = 0, int hit = 0, int recomputed = 0) => new(
        TimeSpan.FromSeconds(arrival),
        PromptTokens: 10,
        output,
        KvRefusal.None,
        TimeSpan.FromSeconds(started),
        TimeSpan.FromSeconds(firstToken),
        TimeSpan.FromSeconds(finished),
        preemptions,
        hit,
        recomputed);
}
