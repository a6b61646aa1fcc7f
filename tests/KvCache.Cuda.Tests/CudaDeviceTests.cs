using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests;

public sealed unsafe class CudaDeviceTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_device_that_is_not_there_is_refused_by_number(int ordinal)
    {
        using SimulatedCudaDriver simulator = new();
        ArgumentOutOfRangeException exception = Assert.Throws<ArgumentOutOfRangeException>(() => CudaDevice.Open(simulator.Driver, ordinal));
        Assert.Contains($"ordinal is {ordinal}; expected 0 … 0", exception.Message, StringComparison.Ordinal);
        simulator.CheckLeaks();
    }

    [Fact]
    public void Memory_is_zeroed_and_refused_when_there_is_not_that_much()
    {
        using Simulated simulated = Simulated.WithMemory();
        CudaDevice device = simulated.Device;
        Assert.True(device.TryAllocate(10_000, out KvArena? arena));
        Assert.True(new ReadOnlySpan<byte>((void*)arena.Address, 10_000).IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(0, arena.Address % 64);
        Assert.False(arena.CanDecommit);
        Assert.False(device.TryAllocate(1L << 40, out KvArena? none));
        Assert.Null(none);
        arena.Dispose();
        arena.Dispose();
        Assert.Equal(simulated.Driver.FreeBytes, device.GetMemoryInfo().TotalBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => device.TryAllocate(0, out _));
    }

    [Fact]
    public void Copies_run_in_the_order_of_the_stream_and_not_before()
    {
        using Simulated simulated = Simulated.WithMemory();
        Assert.True(simulated.Device.TryAllocate(64, out KvArena? arena));
        using (arena)
        {
            long* numbers = (long*)arena.Address;
            simulated.Driver.Launch(simulated.Device.Stream, [], [new SimulatedRange(arena.Address, 8)], () => numbers[0] = 7);
            KvTransfer transfer = simulated.Device.Copy([new KvCopy(arena.Address, arena.Address + 8, 8), new KvCopy(arena.Address + 8, arena.Address + 16, 8)]);
            simulated.Driver.Launch(simulated.Device.Stream, [], [new SimulatedRange(arena.Address, 8)], () => numbers[0] = 9);
            Assert.Equal(0, numbers[1]);
            Assert.False(transfer.TryGetResult(out _));
            Assert.True(transfer.Wait());
            Assert.Equal((7, 7), (numbers[1], numbers[2]));
        }
    }

    [Fact]
    public void A_copy_that_the_driver_refuses_is_a_transfer_that_failed()
    {
        using Simulated simulated = Simulated.Dry();
        Assert.True(simulated.Device.TryAllocate(64, out KvArena? arena));
        using (arena)
        {
            simulated.Driver.FailCall(2, CudaError.InvalidValue, "cuMemcpyDtoDAsync_v2");
            KvCopy copy = new(arena.Address, arena.Address + 8, 8);
            KvTransfer failed = simulated.Device.Copy([copy, copy]);
            KvTransfer good = simulated.Device.Copy([copy]);
            Assert.False(failed.Wait());
            Assert.True(good.Wait());
            Assert.Equal(("cuMemcpyDtoDAsync_v2", CudaError.InvalidValue), (simulated.Device.LastError!.EntryPoint, simulated.Device.LastError.Error));
        }
    }

    [Fact]
    public void A_fence_passes_when_the_work_before_it_has_finished_and_fences_pass_in_order()
    {
        using Simulated simulated = Simulated.Dry();
        List<int> done = [];
        List<KvFence> fences = [];
        for (int i = 0; i < 40; i++) // more than the first ring of events
        {
            int number = i;
            simulated.Driver.Launch(simulated.Device.Stream, [], [], () => done.Add(number));
            fences.Add(simulated.Device.RecordFence());
        }

        fences[9].Wait();
        Assert.Equal(10, done.Count);
        Assert.All(fences[..10], fence => Assert.True(fence.HasPassed));
        for (int i = 10; i < 40; i++)
        {
            while (!fences[i].HasPassed)
            {
            }

            Assert.True(done.Count > i);
        }

        Assert.Throws<InvalidOperationException>(() => fences[0].Timeline!.HasPassed(fences[^1].Ticket + 1));
    }

    [Fact]
    public void A_fence_waits_for_every_stream_that_reads()
    {
        using Simulated simulated = Simulated.Dry();
        nint reader = simulated.Driver.CreateStream();
        bool done = false;
        simulated.Device.AddReader(reader);
        simulated.Driver.Launch(reader, [], [], () => done = true);
        KvFence fence = simulated.Device.RecordFence();
        fence.Wait();
        Assert.True(done);
        simulated.Device.RemoveReader(reader);
        simulated.Driver.Launch(reader, [], [], () => done = false);
        simulated.Device.RecordFence().Wait();
        Assert.True(done);
        Assert.Throws<ArgumentException>(() => simulated.Device.RemoveReader(reader));
        Assert.Throws<ArgumentException>(() => simulated.Device.RemoveReader(simulated.Device.Stream));
        simulated.Driver.RunPendingWork();
    }

    [Fact]
    public void Recording_a_fence_allocates_nothing()
    {
        using Simulated simulated = Simulated.Dry();
        KvFence fence = default;
        for (int i = 0; i < 100; i++)
        {
            fence = simulated.Device.RecordFence();
            fence.Wait();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            fence = simulated.Device.RecordFence();
            fence.Wait();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Where_no_event_can_be_had_recording_waits_instead()
    {
        using Simulated simulated = Simulated.Dry();
        bool done = false;
        simulated.Driver.Launch(simulated.Device.Stream, [], [], () => done = true);
        simulated.Driver.FailCall(1, CudaError.OutOfMemory, "cuEventCreate");
        KvFence fence = simulated.Device.RecordFence();
        Assert.True(done && fence.HasPassed);
        Assert.Equal("cuEventCreate", simulated.Device.LastError!.EntryPoint);
    }

    [Fact]
    public void A_lost_context_is_said_plainly_and_what_it_held_is_let_go()
    {
        using SimulatedCudaDriver simulator = new();
        using CudaDevice device = CudaDevice.Open(simulator.Driver);
        Assert.True(device.TryAllocate(64, out KvArena? arena));
        using CudaVirtualMemory memory = new(device);
        KvTransfer copied = device.Copy([new KvCopy(arena.Address, arena.Address + 32, 32)]);
        Assert.True(copied.Wait());
        simulator.Launch(device.Stream, [new SimulatedRange(arena.Address + (1 << 30), 1)]);
        KvTransfer lost = device.Copy([new KvCopy(arena.Address, arena.Address + 32, 32)]);
        Assert.False(lost.Wait());
        Assert.True(copied.Wait());
        CudaException exception = Assert.Throws<CudaException>(() => device.RecordFence());
        Assert.True(exception.IsSticky);
        Assert.Contains("the process must be restarted", exception.Message, StringComparison.Ordinal);
        Assert.True(Assert.Throws<CudaException>(() => memory.TryReserve(memory.ChunkBytes, out _)).IsSticky);
        Assert.True(Assert.Throws<CudaException>(() => device.TryAllocate(64, out _)).IsSticky);
        arena.Dispose();
    }

    [Fact]
    public void An_engine_s_context_and_stream_are_used_and_stay_the_engine_s()
    {
        using SimulatedCudaDriver simulator = new();
        nint context = simulator.CreateContext();
        nint stream = simulator.CreateStream();
        nint other = simulator.CreateContext();
        using (CudaDevice device = CudaDevice.Adopt(simulator.Driver, context, stream))
        {
            Assert.Equal((context, stream), (device.Context, device.Stream));
            Assert.Equal("simulated", device.Name);
            bool done = false;
            simulator.Launch(stream, [], [], () => done = true);
            device.RecordFence().Wait();
            Assert.True(done);
            Assert.True(device.TryAllocate(64, out KvArena? arena));
            arena.Dispose();
            Assert.Equal(other, CurrentContext(simulator)); // what the thread had, not what the device uses
        }

        simulator.Launch(stream, []);
        simulator.CheckLeaks();
        Assert.Throws<ArgumentException>(() => CudaDevice.Adopt(simulator.Driver, 0, stream));
    }

    [Fact]
    public void Memory_may_outlive_its_device()
    {
        using SimulatedCudaDriver simulator = new();
        CudaDevice device = CudaDevice.Open(simulator.Driver);
        Assert.True(device.TryAllocate(64, out KvArena? arena));
        Assert.True(device.TryAllocatePinned(64, out CudaPinnedMemory? pinned));
        CudaVirtualMemory memory = new(device);
        CudaHostLink link = new(device);
        device.Dispose();
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.RecordFence());
        Assert.Throws<ObjectDisposedException>(() => device.TryAllocate(1, out _));
        Assert.Throws<ObjectDisposedException>(() => memory.RecordFence());
        Assert.True(memory.TryCreate([0]));
        link.Dispose();
        memory.Dispose();
        arena.Dispose();
        Assert.Throws<InvalidOperationException>(simulator.CheckLeaks);
        pinned.Dispose();
        pinned.Dispose();
    }

    private static nint CurrentContext(SimulatedCudaDriver simulator)
    {
        nint context;
        Assert.Equal(CudaError.Success, simulator.Driver.Entries.cuCtxGetCurrent(&context));
        return context;
    }
}
