using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Validation;

/// <summary>The simulator against a real server: vLLM 0.19, Llama-3.1-8B on one RTX 4090, 300 requests of ShareGPT at 10 a second.</summary>
public sealed class MeasuredRunTests(ITestOutputHelper output)
{
    private const double Tolerance = 0.03;
    private const int Layers = 32;

    [Fact]
    public void All_twelve_figures_are_within_three_percent_of_the_measured_run()
    {
        ServiceSummary summary = Serve(blocks: 2588);

        (string Name, double Measured, double Simulated)[] figures =
        [
            .. Figures("TTFT", summary.TimeToFirstToken, 65_456.6, 60_159.2, 121_179.1, 137_777.2),
            .. Figures("TPOT", summary.TimePerOutputToken, 32.4, 30.8, 38.1, 57.5),
            .. Figures("latency", summary.Latency, 86_578.3, 83_551.3, 141_899.0, 153_835.0),
            ("makespan", 183_600, summary.Makespan.TotalMilliseconds),
        ];
        foreach ((string name, double measured, double simulated) in figures)
        {
            output.WriteLine(FormattableString.Invariant($"{name,-14}{measured,12:N1}{simulated,12:N1}{(simulated / measured) - 1,9:P2}"));
        }

        Assert.All(figures, static figure => Assert.InRange(figure.Simulated / figure.Measured, 1 - Tolerance, 1 + Tolerance));
        Assert.Equal((300, 0), (summary.Served, summary.Refused));
    }

    [Theory]
    [InlineData(1_294, 119.2)]
    [InlineData(5_176, 35.5)]
    [InlineData(20_000, 5.1)]
    public void Mean_time_to_first_token_follows_the_memory(int blocks, double seconds)
    {
        double simulated = Serve(blocks).TimeToFirstToken.Mean.TotalSeconds;
        output.WriteLine(FormattableString.Invariant($"{blocks} blocks: {seconds} s, simulated {simulated:N2} s"));
        Assert.InRange(simulated / seconds, 1 - Tolerance, 1 + Tolerance);
    }

    private static IEnumerable<(string Name, double Measured, double Simulated)> Figures(
        string name, LatencyDistribution simulated, params double[] measured) =>
        new[] { simulated.Mean, simulated.P50, simulated.P90, simulated.P99 }
            .Zip(measured, ["mean", "p50", "p90", "p99"])
            .Select(figure => ($"{name} {figure.Third}", figure.Second, figure.First.TotalMilliseconds));

    private static ServiceSummary Serve(int blocks)
    {
        string kernels = Path.GetDirectoryName(SharedFiles.Find("profiles/rtx4090-llama3.1-8b/kernels/dense.csv"))!;
        using TraceReader trace = TraceReader.Open(SharedFiles.Find("traces/sharegpt/sharegpt-llama-3.1-8b-300-sps10.blocks16.jsonl"));
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks - 1, prefixCaching: true);
        SimulationResult result = new Simulator(allocator, TableCostModel.Load(kernels, Layers)).Run(trace.ReadAll().ToSimulated());
        allocator.CheckIntegrity();
        Assert.Equal(0, allocator.Usage.OpenSequences);
        return result.Summarize();
    }
}
