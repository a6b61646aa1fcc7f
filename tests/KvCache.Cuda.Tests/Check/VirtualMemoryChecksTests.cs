using KvCache.Cuda.Simulation;
using KvCache.GpuCheck;
using KvCache.GpuCheck.Report;
using KvCache.GpuCheck.VirtualMemory;
using KvCache.Memory;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Cuda.Tests.Check;

/// <summary>What the GPU check asks of a driver, asked of the simulated one; and whether it hears of what is wrong.</summary>
public sealed class VirtualMemoryChecksTests
{
    private readonly List<string> _failures = [];

    [Fact]
    public void Random_calls_run_as_modelled_and_leave_nothing_behind()
    {
        using Simulated simulated = Simulated.WithMemory();
        CheckTable table = VirtualMemoryContract.Run(simulated.Device, programs: 3, operations: 200, _failures);
        Assert.Empty(_failures);
        Assert.All(table.Rows, row => Assert.Equal(600, row[2]));
        Assert.True(simulated.Count("cuMemMap") > 100);
    }

    [Fact]
    public void Random_requests_run_as_modelled_and_leave_nothing_behind()
    {
        using Simulated simulated = Simulated.WithMemory();
        CheckTable table = VirtualManager.Run(simulated.Device, programs: 2, operations: 60, _failures);
        Assert.Empty(_failures);
        Assert.All(table.Rows, row => Assert.True((long)row[3] > 0 && (int)row[4] > 0, "No hit, or no fork."));
    }

    [Fact]
    public void Every_call_is_timed_for_one_chunk_and_for_runs_and_everything_is_given_back()
    {
        using Simulated simulated = Simulated.Dry();
        CheckTable table = DriverCosts.Run(simulated.Device, calls: 64, busyBytes: 1 << 20);
        Assert.Equal(3 * 2 * 9, table.Rows.Count);
        Assert.All(table.Rows, row => Assert.True((double)row[4] <= (double)row[5] && (double)row[5] <= (double)row[6]));
        Assert.Equal(0, simulated.Driver.MappingCount);
    }

    [Theory]
    [InlineData(PlantedMemory.Fault.SwapsChunks)]
    [InlineData(PlantedMemory.Fault.KeepsOldBytes)]
    [InlineData(PlantedMemory.Fault.ForgetsToDestroy)]
    [InlineData(PlantedMemory.Fault.MapsTwice)]
    public void The_check_of_the_memory_reports_a_planted_fault(PlantedMemory.Fault fault)
    {
        using Simulated simulated = Simulated.WithMemory();
        using StampPort port = new(simulated.Device);
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 32 });
        MemoryModel model = new(new PlantedMemory(memory, fault), port, seed: 1);
        model.Run(300);
        Assert.NotEmpty(model.Failures);
    }

    [Fact]
    public void The_check_of_the_manager_reports_a_planted_fault()
    {
        using Simulated simulated = Simulated.WithMemory();
        using StampPort port = new(simulated.Device);
        KvGeometry geometry = new(new KvLayerGroup(2, 2, 256, 256, KvElementType.Float16));
        ChunkPlan plan = new(geometry, Simulated.Granularity, 16);
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 48 * plan.ChunksPerGroup });
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = new PlantedMemory(memory, PlantedMemory.Fault.SwapsChunks),
            BlockTokens = 16,
            MaxSequences = 12,
            LookaheadTokens = 0,
        });
        ManagerModel model = new(allocator, port, seed: 1);
        model.Run(150);
        Assert.Contains(model.Failures, static failure => failure.Contains("not those written for their positions", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_driver_the_program_says_what_it_skips_and_why_and_computes_over_the_hosts_virtual_tensors()
    {
        using StringWriter output = new();
        using StringWriter error = new();
        string folder = Directory.CreateTempSubdirectory("gpu-check").FullName;
        try
        {
            int code = GpuCheckTool.Run(["--device", "cpu-accelerator", "--only", "virtual", "--only", "driver-costs", "--quick", "--out", folder], output, error);
            Assert.True(code == GpuCheckTool.Correct, $"{output}{error}");
            string text = output.ToString();
            Assert.All(
                ["virtual-memory", "virtual-manager", "driver-costs"],
                name => Assert.Matches($"Skipped: {name}: .* is no CUDA device", text));
            if (HostVirtualMemory.IsSupported)
            {
                Assert.Contains("Attention over virtual tensors against the processor's", text, StringComparison.Ordinal);
                Assert.Contains("Decode over virtual tensors beside pages of 16", text, StringComparison.Ordinal);
            }

            Assert.Contains("Skipped: driver-costs", File.ReadAllText(Path.Combine(folder, "gpu-check.md")), StringComparison.Ordinal);
            Assert.Contains("\"skipped\"", File.ReadAllText(Path.Combine(folder, "gpu-check.json")), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
