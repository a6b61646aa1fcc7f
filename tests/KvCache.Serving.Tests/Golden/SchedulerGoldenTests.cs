using System.IO.Compression;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Simulation;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Serving.Tests.Golden;

/// <summary>Every step and every request of the first 1,000 of a trace, as an independent scheduler over the same rules has them.</summary>
/// <remarks>
/// Virtual tensors decide the same, free memory included, where a block's memory is mapped by itself: then both managers have as many places.
/// In coarser groups they decide the same, free memory not included, as long as memory does not run short. With a prefix cache that is evicted from
/// they need not: virtual tensors use up what holds nothing before they take new memory, so that other content stays.
/// </remarks>
public sealed class SchedulerGoldenTests
{
    [Theory]
    [InlineData("conv", 12109, 783, "paged")]
    [InlineData("code", 2945, 158, "paged")]
    [InlineData("conv", 12109, 783, "virtual")]
    [InlineData("code", 2945, 158, "virtual")]
    public void Steps_and_requests_are_those_of_an_independent_scheduler(string trace, int steps, int preemptions, string manager)
    {
        using IKvAllocator allocator = Create(manager, blocks: 2587);
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
    [InlineData("conv", 400, 1, 2587, false, "paged")]
    [InlineData("conv", 400, 1, 700, true, "paged")]
    [InlineData("code", 120, 1, 1200, true, "paged")]
    [InlineData("conv", 400, 3, 4000, true, "paged")]
    [InlineData("conv", 400, 3, 4000, false, "paged")]
    [InlineData("conv", 400, 1, 2587, false, "virtual")]
    [InlineData("conv", 400, 3, 4000, false, "virtual")]
    public void Steps_are_those_of_the_plain_model(string trace, int rows, int rateScale, int blocks, bool caching, string manager)
    {
        SimulatedRequest[] requests = [.. AzureTrace.Read(trace, rows).Select(request =>
            request with { Arrival = TimeSpan.FromMicroseconds(request.Arrival.Ticks / TimeSpan.TicksPerMicrosecond / rateScale) })];
        using IKvAllocator allocator = Create(manager, blocks, caching);
        StringWriter writer = new();
        SimulationResult result = new Simulator(allocator, new LinearCostModel(5000, 100, 50)).Run(requests);
        SimulationCsv.WriteSteps(result, writer);
        Assert.Equal(caching, result.Summarize().HitTokens > 0);
        Assert.Equal(ReferenceSimulation.Steps(requests, blocks, caching), writer.ToString());
    }

    /// <summary>Groups of 8 to 128 blocks, of which every request leaves one unfilled; the pool is so large that nobody notices.</summary>
    [Theory]
    [InlineData("conv", 8)]
    [InlineData("conv", 128)]
    [InlineData("code", 8)]
    [InlineData("code", 128)]
    public void Coarser_groups_decide_the_same_while_there_is_memory(string trace, int groupBlocks)
    {
        const int Blocks = 65_536;
        SimulatedRequest[] requests = [.. AzureTrace.Read(trace, rows: 1000)];
        using PagedKvAllocator paged = DryAllocators.Paged(Blocks);
        using VirtualKvAllocator grouped = DryAllocators.Virtual(Blocks, groupBlocks);
        SimulationResult expected = new Simulator(paged, new LinearCostModel(5000, 100, 50)).Run(requests);
        SimulationResult actual = new Simulator(grouped, new LinearCostModel(5000, 100, 50)).Run(requests);
        Assert.Equal(expected.Steps.Select(WithoutMemory), actual.Steps.Select(WithoutMemory));
        Assert.Equal(expected.Requests, actual.Requests);
        Assert.NotEqual(expected.Steps.Select(static step => step.AvailableBlocks), actual.Steps.Select(static step => step.AvailableBlocks));
    }

    /// <summary>Where memory runs short, what groups waste is not there: everybody is served all the same, by other steps.</summary>
    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void Coarser_groups_serve_everybody_by_other_steps_where_memory_runs_short(int groupBlocks)
    {
        using VirtualKvAllocator grouped = DryAllocators.Virtual(2587, groupBlocks);
        SimulationResult result = new Simulator(grouped, new LinearCostModel(5000, 100, 50)).Run(AzureTrace.Read("conv", rows: 1000));
        grouped.CheckIntegrity();
        Assert.Equal((0, 0), (grouped.Usage.OpenSequences, grouped.Usage.OwnedBlocks));
        Assert.Equal(1000, result.Summarize().Served);
        Assert.NotEqual(12109, result.Steps.Count);
    }

    private static IKvAllocator Create(string manager, int blocks, bool caching = false) => manager == "paged"
        ? DryAllocators.Paged(blocks, prefixCaching: caching)
        : DryAllocators.Virtual(blocks, groupBlocks: 1, prefixCaching: caching);

    private static StepRecord WithoutMemory(StepRecord step) => step with { AvailableBlocks = 0 };

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
