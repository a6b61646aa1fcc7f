using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests;

/// <summary>What is CUDA's own; what every virtual memory promises is in the contract's suite.</summary>
public sealed unsafe class CudaVirtualMemoryTests
{
    [Fact]
    public void A_run_is_mapped_with_one_call_per_chunk_and_one_call_for_access()
    {
        using Simulated simulated = Simulated.Dry();
        using CudaVirtualMemory memory = new(simulated.Device);
        Assert.True(memory.TryReserve(16 * memory.ChunkBytes, out nint address));
        Assert.True(memory.TryCreate([.. Enumerable.Range(0, 16)]));
        long maps = simulated.Count("cuMemMap");
        long accesses = simulated.Count("cuMemSetAccess");
        long unmaps = simulated.Count("cuMemUnmap");
        Assert.True(memory.TryMap(address, [.. Enumerable.Range(0, 16)], writable: true));
        memory.Unmap(address, 16);
        Assert.Equal((16, 1, 1), (simulated.Count("cuMemMap") - maps, simulated.Count("cuMemSetAccess") - accesses, simulated.Count("cuMemUnmap") - unmaps));
    }

    [Fact]
    public void A_chunk_may_be_larger_than_the_driver_s_granularity()
    {
        using Simulated simulated = Simulated.WithMemory();
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkBytes = 4 * Simulated.Granularity });
        Assert.Equal((Simulated.Granularity, 4 * Simulated.Granularity), (memory.GranularityBytes, memory.ChunkBytes));
        Assert.True(memory.TryReserve(2 * memory.ChunkBytes, out nint address));
        Assert.Equal(0, address % (nint)memory.ChunkBytes);
        Assert.True(memory.TryCreate([5]) && memory.TryMap(address + (nint)memory.ChunkBytes, [5], writable: true));
        new Span<byte>((void*)(address + (nint)memory.ChunkBytes), (int)memory.ChunkBytes).Fill(1);
        Assert.Equal(4 * Simulated.Granularity, simulated.Driver.UsedBytes);
    }

    [Fact]
    public void Writing_to_a_chunk_that_is_shared_read_only_ends_the_context()
    {
        using SimulatedCudaDriver simulator = new();
        using CudaDevice device = CudaDevice.Open(simulator.Driver);
        using CudaVirtualMemory memory = new(device);
        Assert.True(memory.TryReserve(2 * memory.ChunkBytes, out nint address) && memory.TryCreate([0]));
        Assert.True(memory.TryMap(address, [0], writable: true) && memory.TryMap(address + (nint)memory.ChunkBytes, [0], writable: false));
        simulator.Launch(device.Stream, [new SimulatedRange(address, 2 * memory.ChunkBytes)], [new SimulatedRange(address, memory.ChunkBytes)]);
        device.Synchronize();
        simulator.Launch(device.Stream, [], [new SimulatedRange(address + (nint)memory.ChunkBytes, 1)]);
        Assert.True(Assert.Throws<CudaException>(device.Synchronize).IsSticky);
    }

    [Fact]
    public void Fences_cover_every_stream_that_may_read_before_something_is_unmapped()
    {
        using Simulated simulated = Simulated.Dry();
        using CudaVirtualMemory memory = new(simulated.Device);
        nint reader = simulated.Driver.CreateStream();
        simulated.Device.AddReader(reader);
        Assert.True(memory.TryReserve(memory.ChunkBytes, out nint address) && memory.TryCreate([0]) && memory.TryMap(address, [0], writable: true));
        simulated.Driver.Launch(simulated.Device.Stream, [], [new SimulatedRange(address, 8)]);
        simulated.Driver.Launch(reader, [new SimulatedRange(address, 8)]);
        memory.RecordFence().Wait();
        memory.Unmap(address, 1);
        memory.Destroy([0]);
    }

    [Fact]
    public void Unmapping_before_the_fence_is_found_on_every_run()
    {
        using SimulatedCudaDriver simulator = new();
        using CudaDevice device = CudaDevice.Open(simulator.Driver);
        using CudaVirtualMemory memory = new(device);
        Assert.True(memory.TryReserve(memory.ChunkBytes, out nint address) && memory.TryCreate([0]) && memory.TryMap(address, [0], writable: true));
        simulator.Launch(device.Stream, [new SimulatedRange(address, 8)]);
        memory.RecordFence();
        memory.Unmap(address, 1);
        Assert.Equal(SimulatedCudaBreachKind.UnmapWhileInUse, Assert.Single(simulator.Breaches).Kind);
    }

    [Fact]
    public void Chunks_are_created_ahead_by_another_thread_between_the_watermarks()
    {
        using Simulated simulated = Simulated.Dry();
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 30, SpareChunksLow = 4, SpareChunksHigh = 20 });
        memory.WaitForSpareChunks();
        Assert.Equal((20, 0), (memory.SpareChunks, memory.CreatedChunks));
        long before = simulated.Driver.CountCallsOfThisThread("cuMemCreate");
        Assert.True(memory.TryCreate([.. Enumerable.Range(0, 16)]));
        memory.WaitForSpareChunks();
        Assert.Equal((4, 16), (memory.SpareChunks, memory.CreatedChunks));
        Assert.True(memory.TryCreate([16]));
        memory.WaitForSpareChunks();
        Assert.Equal((13, 17), (memory.SpareChunks, memory.CreatedChunks)); // never more than there can be
        Assert.Equal(before, simulated.Driver.CountCallsOfThisThread("cuMemCreate"));
        Assert.True(memory.TryCreate([.. Enumerable.Range(17, 13)]));
        Assert.Equal(before, simulated.Driver.CountCallsOfThisThread("cuMemCreate"));
    }

    [Fact]
    public void Without_memory_for_spare_chunks_the_thread_waits_until_some_is_given_back()
    {
        using Simulated simulated = Simulated.Dry(options => options with { MemoryBytes = 10 * Simulated.Granularity });
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 64, SpareChunksLow = 2, SpareChunksHigh = 4 });
        memory.WaitForSpareChunks();
        Assert.True(memory.TryCreate([.. Enumerable.Range(0, 10)]));
        memory.WaitForSpareChunks();
        Assert.Equal((0, 10), (memory.SpareChunks, memory.CreatedChunks));
        Assert.False(memory.TryCreate([10]));
        Assert.Equal((CudaError.OutOfMemory, "cuMemCreate"), (simulated.Device.LastError!.Error, simulated.Device.LastError.EntryPoint));
        memory.Destroy([.. Enumerable.Range(0, 8)]);
        memory.WaitForSpareChunks();
        Assert.Equal((4, 2), (memory.SpareChunks, memory.CreatedChunks));
        Assert.Equal(6 * Simulated.Granularity, simulated.Driver.UsedBytes);
    }

    [Fact]
    public void Older_devices_are_waited_for_before_mappings_change()
    {
        using Simulated simulated = Simulated.Dry(options => options with { ComputeCapability = new Version(7, 0) });
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { SpareChunksLow = 2, SpareChunksHigh = 4 });
        Assert.Equal(0, memory.SpareChunks); // a thread of its own would map beside kernels
        Assert.True(memory.TryReserve(2 * memory.ChunkBytes, out nint address) && memory.TryCreate([0, 1]) && memory.TryMap(address, [0], writable: true));
        simulated.Driver.Launch(simulated.Device.Stream, [new SimulatedRange(address, 8)]);
        Assert.True(memory.TryMap(address + (nint)memory.ChunkBytes, [1], writable: true));
        simulated.Driver.CheckContract();
    }

    [Fact]
    public void A_device_without_virtual_memory_is_refused_by_name()
    {
        using Simulated simulated = Simulated.Dry(options => options with { SupportsVirtualMemory = false });
        PlatformNotSupportedException exception = Assert.Throws<PlatformNotSupportedException>(() => new CudaVirtualMemory(simulated.Device));
        Assert.Contains("simulated does not support virtual memory", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Simulated.Granularity / 2, 0, 0)]
    [InlineData(Simulated.Granularity * 3, 0, 0)]
    [InlineData(-Simulated.Granularity, 0, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(0, 3, 2)]
    public void Options_out_of_range_are_refused(long chunkBytes, int low, int high)
    {
        using Simulated simulated = Simulated.Dry();
        Assert.Throws<ArgumentOutOfRangeException>(() => new CudaVirtualMemory(
            simulated.Device, new CudaVirtualMemoryOptions { ChunkBytes = chunkBytes, SpareChunksLow = low, SpareChunksHigh = high }));
    }

    [Fact]
    public void What_the_driver_will_not_take_back_now_is_given_back_later()
    {
        using Simulated simulated = Simulated.Dry();
        using CudaVirtualMemory memory = new(simulated.Device);
        Assert.True(memory.TryReserve(4 * memory.ChunkBytes, out nint address) && memory.TryCreate([0, 1, 2, 3]));
        Assert.True(memory.TryMap(address, [0, 1, 2, 3], writable: true));
        simulated.Driver.FailCall(1, CudaError.Unknown, "cuMemUnmap");
        simulated.Driver.FailCall(1, CudaError.Unknown, "cuMemRelease");
        memory.Unmap(address, 4);
        memory.Destroy([0, 1]);
        Assert.Equal(4 * Simulated.Granularity, simulated.Driver.UsedBytes);
        Assert.True(memory.TryMap(address, [2, 3], writable: true)); // takes the old mappings away first
        Assert.True(memory.TryCreate([0]));
        memory.Unmap(address, 2);
        memory.Release(address, 4 * memory.ChunkBytes);
        memory.Destroy([2, 3]);
        Assert.Equal(Simulated.Granularity, simulated.Driver.UsedBytes);
    }

    [Fact]
    public void A_run_that_can_neither_be_mapped_nor_rolled_back_is_rolled_back_later()
    {
        using Simulated simulated = Simulated.Dry();
        using CudaVirtualMemory memory = new(simulated.Device);
        Assert.True(memory.TryReserve(4 * memory.ChunkBytes, out nint address) && memory.TryCreate([0, 1, 2]));
        simulated.Driver.FailCall(3, CudaError.OutOfMemory, "cuMemMap");
        simulated.Driver.FailCall(1, CudaError.Unknown, "cuMemUnmap");
        Assert.False(memory.TryMap(address, [0, 1, 2], writable: true));
        memory.Destroy([0]); // it is mapped nowhere, as far as the user is concerned
        Assert.True(memory.TryMap(address, [2, 1], writable: true));
        Assert.Equal(2, simulated.Driver.MappingCount);
        Assert.Equal(2 * Simulated.Granularity, simulated.Driver.UsedBytes);
    }

    [Fact]
    public void A_churn_with_spare_chunks_and_a_reader_keeps_the_contract_and_the_bytes()
    {
        using Simulated simulated = Simulated.WithMemory();
        using CudaVirtualMemory memory = new(simulated.Device, new CudaVirtualMemoryOptions { ChunkCapacity = 64, SpareChunksLow = 2, SpareChunksHigh = 6 });
        Assert.True(memory.TryReserve(16 * memory.ChunkBytes, out nint address));
        Random random = new(17);
        int[] stamps = new int[16];
        List<string> wrong = [];
        for (int round = 0; round < 300; round++)
        {
            int place = random.Next(16);
            nint at = address + (nint)(place * memory.ChunkBytes);
            if (stamps[place] == 0)
            {
                int stamp = stamps[place] = round + 1;
                Assert.True(memory.TryCreate([place]) && memory.TryMap(at, [place], writable: true));
                simulated.Driver.Launch(simulated.Device.Stream, [], [new SimulatedRange(at, 8)], () => Stamp(at, stamp));
            }
            else
            {
                int expected = stamps[place];
                simulated.Driver.Launch(simulated.Device.Stream, [new SimulatedRange(at, 8)], [], () => Verify(at, expected));
                memory.RecordFence().Wait();
                memory.Unmap(at, 1);
                memory.Destroy([place]);
                stamps[place] = 0;
            }
        }

        simulated.Driver.RunPendingWork();
        Assert.Empty(wrong);

        void Stamp(nint at, int value)
        {
            wrong.AddRange(*(long*)at == 0 ? [] : ["not zeroed"]);
            *(long*)at = value;
        }

        void Verify(nint at, int expected) => wrong.AddRange(*(long*)at == expected ? [] : ["not what was written"]);
    }
}
