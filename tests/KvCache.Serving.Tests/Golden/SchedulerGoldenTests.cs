using System.IO.Compression;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using Xunit;

namespace KvCache.Serving.Tests.Golden;

/// <summary>Every step and every request of the first 1,000 of a trace, as an independent scheduler over the same rules has them.</summary>
public sealed class SchedulerGoldenTests
{
    [Theory]
    [InlineData("conv", 12109, 783)]
    [InlineData("code", 2945, 158)]
    public void Steps_and_requests_are_those_of_an_independent_scheduler(string trace, int steps, int preemptions)
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 2587);
        Simulator simulator = new(allocator, new LinearCostModel(5000, 100, 50));
        SimulationResult result = simulator.Run(AzureTrace.Read(trace, rows: 1000));
        Assert.Equal(steps, result.Steps.Count);
        Assert.Equal(preemptions, result.Steps.Sum(static step => step.Preempted));
        AssertSame($"azure-{trace}1000-blocks2588-nocache-steps", output => SimulationCsv.WriteSteps(result, output));
        AssertSame($"azure-{trace}1000-blocks2588-nocache-requests", output => SimulationCsv.WriteRequests(result, output));
        allocator.CheckIntegrity();
        Assert.Equal((0, 0), (allocator.Usage.OpenSequences, allocator.Usage.OwnedBlocks));
    }

    /// <summary>The settings for which there is no file, on as much of a trace as lists and dictionaries manage.</summary>
    [Theory]
    [InlineData("conv", 400, 1, 2587, false)]
    [InlineData("conv", 400, 1, 700, true)]
    [InlineData("code", 120, 1, 1200, true)]
    [InlineData("conv", 400, 3, 4000, true)]
    [InlineData("conv", 400, 3, 4000, false)]
    public void Steps_are_those_of_the_plain_model(string trace, int rows, int rateScale, int blocks, bool caching)
    {
        SimulatedRequest[] requests = [.. AzureTrace.Read(trace, rows).Select(request =>
            request with { Arrival = TimeSpan.FromMicroseconds(request.Arrival.Ticks / TimeSpan.TicksPerMicrosecond / rateScale) })];
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks, prefixCaching: caching);
        StringWriter writer = new();
        SimulationResult result = new Simulator(allocator, new LinearCostModel(5000, 100, 50)).Run(requests);
        SimulationCsv.WriteSteps(result, writer);
        Assert.Equal(caching, result.Summarize().HitTokens > 0);
        Assert.Equal(ReferenceSimulation.Steps(requests, blocks, caching), writer.ToString());
    }

    private static void AssertSame(string golden, Action<TextWriter> write)
    {
        using StreamReader expected = new(new GZipStream(File.OpenRead(SharedFiles.Find($"golden/scheduler/{golden}.csv.gz")), CompressionMode.Decompress));
        StringWriter actual = new();
        write(actual);
        using StringReader lines = new(actual.ToString());
        for (int row = 0; expected.ReadLine() is { } line; row++)
        {
            Assert.True(line == lines.ReadLine(), $"{golden}, line {row + 1}: expected {line}.");
        }

        Assert.Null(lines.ReadLine());
    }
}
