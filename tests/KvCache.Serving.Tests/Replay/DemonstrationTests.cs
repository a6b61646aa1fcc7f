using Replay.CommandLine;
using Replay.Demonstration;
using Replay.Output;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The demonstration at a small size: the same every time, and what its figures must obey.</summary>
public sealed class DemonstrationTests : IDisposable
{
    private static readonly DemonstrationOptions Small = new()
    {
        Sessions = 40,
        Turns = 200,
        LongestConversation = 1_600,
        ParallelSampling = 0.3,
        Capacities = [128, 512, 2_048],
    };

    private readonly ReplayFolder _folder = new();

    [Fact]
    public void The_same_seed_gives_the_same_figures()
    {
        IReadOnlyList<DemonstrationResult> first = DemonstrationRun.Run(Small, static _ => { });
        IReadOnlyList<DemonstrationResult> second = DemonstrationRun.Run(Small, static _ => { });

        Assert.Equal(first.Select(WithoutTime), second.Select(WithoutTime));
    }

    [Fact]
    public void Hits_grow_with_capacity_and_the_unbounded_cache_evicts_nothing()
    {
        List<double> progress = [];
        IReadOnlyList<DemonstrationResult> results = DemonstrationRun.Run(Small, progress.Add);

        Assert.Equal(results.OrderBy(result => result.HitRate), results);
        Assert.Equal([false, false, false, true], results.Select(result => result.IsUnbounded));
        Assert.Equal(0, results[^1].Evictions);
        Assert.Equal(0, results[^1].Refusals);
        Assert.True(results[0].Evictions > results[1].Evictions);
        Assert.True(results[0].Refusals > 0, "the smallest pool is too small for all running turns");
        Assert.All(results, result => Assert.True(result.CopyOnWriteCopies > 0));
        Assert.All(results, result => Assert.InRange(result.Waste, 0, 0.1));
        Assert.All(results, result => Assert.True(result.NanosecondsPerBlock > 0));
        Assert.Equal(1, progress[^1]);
    }

    [Fact]
    public void A_pool_too_small_for_a_turn_is_named() => Assert.Throws<global::Replay.ReplayException>(
        () => DemonstrationRun.Run(Small with { Capacities = [20] }, static _ => { }));

    [Fact]
    public void It_prints_a_table_and_writes_a_plot()
    {
        using StringWriter output = new();
        string plot = _folder.PathOf("plot.svg");

        int exitCode = ReplayCommand.Demonstrate(Consoles.Create(output, isTerminal: false), Small, plot);

        Assert.Equal(0, exitCode);
        Assert.Contains($"seed {Small.Seed}", output.ToString());
        Assert.Contains("unbounded", output.ToString());
        Assert.Contains(plot, output.ToString());
        Assert.DoesNotContain('\u001b', output.ToString());
        Assert.Equal(["plot.svg"], _folder.FileNames);
        Assert.Contains("Hit rate (% of prompt tokens)", _folder.Read("plot.svg"));
    }

    [Fact]
    public void Popular_ranks_are_drawn_more_often()
    {
        ZipfSampler sampler = new(new Random(1), count: 10, exponent: 1);
        int[] counts = new int[10];
        for (int i = 0; i < 100_000; i++)
        {
            counts[sampler.Next()]++;
        }

        double harmonic = Enumerable.Range(1, 10).Sum(rank => 1.0 / rank);
        Assert.All(counts.Select((count, rank) => (count, rank)), drawn =>
            Assert.Equal(100_000 / harmonic / (drawn.rank + 1), drawn.count, 100_000 * 0.01));
    }

    public void Dispose() => _folder.Dispose();

    private static DemonstrationResult WithoutTime(DemonstrationResult result) => result with { NanosecondsPerBlock = 0 };
}
