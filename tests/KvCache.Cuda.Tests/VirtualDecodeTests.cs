using KvCache.Cuda.Simulation;
using KvCache.Cuda.Tests.Contract;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Cuda.Tests;

/// <summary>What a decode step over virtual tensors asks of the driver, and how long it is kept by it.</summary>
public sealed class VirtualDecodeTests
{
    private const int Batch = 8;

    /// <summary>The driver's functions that map memory, or that wait for the device.</summary>
    private static readonly string[] SlowCalls =
    [
        "cuMemAddressReserve", "cuMemAddressFree", "cuMemCreate", "cuMemRelease", "cuMemMap", "cuMemUnmap", "cuMemSetAccess",
        "cuMemAlloc_v2", "cuMemFree_v2", "cuCtxSynchronize", "cuStreamSynchronize", "cuEventSynchronize", "cuEventCreate",
    ];

    [Theory]
    [InlineData(SimulatedCudaStreams.Eager, true)]
    [InlineData(SimulatedCudaStreams.Eager, false)]
    [InlineData(SimulatedCudaStreams.Lazy, true)]
    public void A_step_in_steady_state_maps_nothing_waits_for_nothing_and_allocates_nothing(SimulatedCudaStreams streams, bool prefixCaching)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A simulated device with memory needs Linux.");
        using Simulated simulated = new(new SimulatedCudaOptions
        {
            GranularityBytes = VirtualAllocators.Granularity,
            HasMemory = true,
            Streams = streams,
        });
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 6 * 512 });
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = VirtualAllocators.ManyBlocksPerGroup,
            Memory = memory,
            BlockTokens = 4,
            MaxSequences = Batch,
            MaxSequenceTokens = 512,
            PrefixCaching = prefixCaching,
        });
        using CacheFixture cache = new(allocator, DeviceMemory.Of(simulated.Device));
        DecodeRun run = new(simulated, memory, allocator);
        run.Decode(cache, generation: 0, 300);
        run.Decode(cache, generation: 1, 300); // the cache is full from here on, where there is one
        DecodeRun.Spent spent = run.Decode(cache, generation: 2, 300);

        Assert.Equal(0, spent.AllocatedBytes);
        Assert.All(SlowCalls, call => Assert.Equal((call, 0L), (call, spent.Calls(call))));
        Assert.True(simulated.Count("cuMemMap") > 0);
        allocator.CheckIntegrity();
    }

    [Theory]
    [InlineData(64, false)]
    [InlineData(64, true)]
    [InlineData(0, false)]
    [InlineData(0, true)]
    public void A_step_is_kept_by_the_driver_only_where_nothing_is_mapped_ahead(int lookaheadTokens, bool createdAhead)
    {
        // Llama-3.1-8B on an A100: a group is 1,024 tokens and 64 chunks of 2 MiB. The costs have the tails that were measured.
        const int chunks = Batch * 64;
        using Simulated simulated = new(new SimulatedCudaOptions { MemoryBytes = 80L << 30, Costs = SimulatedCudaCosts.A100 });
        using CudaVirtualMemory memory = new(
            simulated.Device, new CudaVirtualMemoryOptions { SpareChunksLow = createdAhead ? chunks : 0, SpareChunksHigh = createdAhead ? chunks : 0 });
        using VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(32, 8, 128, KvElementType.Float16),
            Memory = memory,
            MaxSequences = Batch,
            MaxSequenceTokens = 8192,
            LookaheadTokens = lookaheadTokens,
            PrefixCaching = false,
        });
        using CacheFixture cache = new(allocator, DeviceMemory.Of(simulated.Device));
        DecodeRun.Spent spent = new DecodeRun(simulated, memory, allocator).Decode(cache, generation: 0, 3000);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"Lookahead {lookaheadTokens}, chunks created ahead: {createdAhead}. The driver kept a step {spent.Worst.TotalMilliseconds:F3} ms at worst, and 3,000 steps {spent.Total.TotalMilliseconds:F1} ms; "
            + $"other threads had {spent.WorstBeside.TotalMilliseconds:F1} ms of calls to make behind one step at worst.");

        if (lookaheadTokens > 0)
        {
            // A step records the event that ends it and asks whether earlier ones have passed: microseconds. What it has others do
            // is done long before the tokens ahead are used up, at 10 ms a step.
            Assert.InRange(spent.Worst, TimeSpan.Zero, TimeSpan.FromMicroseconds(50));
            Assert.InRange(spent.WorstBeside, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(10 * lookaheadTokens));
        }
        else
        {
            // All sequences enter their next group in one step; giving access to a chunk takes 36 microseconds on average, creating one 193.
            Assert.True(spent.Worst > TimeSpan.FromMilliseconds(chunks * (createdAhead ? 0.030 : 0.200)), $"{spent.Worst}");
        }
    }
}
