using KvCache.Serving.Traces;
using Replay.CommandLine;
using Replay.Demonstration;
using Replay.Output;
using Replay.Serving;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The demonstration at a small size: the same every time, and what its figures must obey.</summary>
public sealed class DemonstrationTests : IDisposable
{
    private static readonly DemonstrationOptions Small = new()
    {
        Load = new DemonstrationOptions().Load with { Requests = 200, Arrivals = ArrivalProcess.Poisson(4), ThinkTime = TimeSpan.FromSeconds(3) },
    };

    private readonly ReplayFolder _folder = new();

    [Fact]
    public void The_same_seed_gives_the_same_figures()
    {
        IReadOnlyList<ServedLoad> first = DemonstrationRun.Run(Small, static _ => { });
        IReadOnlyList<ServedLoad> second = DemonstrationRun.Run(Small, static _ => { });

        Assert.Equal(first.SelectMany(static load => load.Result.Steps), second.SelectMany(static load => load.Result.Steps));
        Assert.Equal(first.Select(static load => load.Summary), second.Select(static load => load.Summary));
    }

    [Fact]
    public void Everybody_is_served_and_the_prefix_cache_and_memory_help()
    {
        List<double> progress = [];
        IReadOnlyList<ServedLoad> served = DemonstrationRun.Run(Small, progress.Add);

        Assert.Equal(progress.Order(), progress);
        Assert.Equal(1, progress[^1]);
        Assert.All(served, static load => Assert.Equal((200, 0), (load.Summary.Served, load.Summary.Refused)));
        Dictionary<string, TimeSpan> firstToken = served.ToDictionary(static load => load.Name, static load => load.Summary.TimeToFirstToken.Mean);
        Assert.True(firstToken["prefix cache"] < firstToken["no prefix cache"]);
        Assert.True(firstToken["twice the memory"] <= firstToken["prefix cache"]);
        Assert.True(firstToken["prefix cache"] <= firstToken["half the memory"]);
        Assert.Equal(0, served[0].Summary.HitTokens);
        Assert.True(served[1].Summary.HitTokens > 0);
    }

    [Fact]
    public void It_prints_a_table_and_writes_plots()
    {
        using StringWriter output = new();
        string plot = _folder.PathOf("plot.svg");

        int exitCode = ReplayCommand.Demonstrate(Consoles.Create(output, isTerminal: false), Small, plot);

        Assert.Equal(0, exitCode);
        Assert.Contains($"seed {Small.Load.Seed}", output.ToString());
        Assert.Contains("twice the memory", output.ToString());
        Assert.Contains(plot, output.ToString());
        Assert.DoesNotContain('\u001b', output.ToString());
        Assert.Equal(["plot.svg"], _folder.FileNames);
        Assert.Contains("Memory in use", _folder.Read("plot.svg"));
    }

    public void Dispose() => _folder.Dispose();
}
