using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests;

public sealed unsafe class CudaHostLinkTests
{
    [Fact]
    public void Copies_go_out_and_back_in_units()
    {
        using Simulated simulated = Simulated.WithMemory();
        CudaDevice device = simulated.Device;
        Assert.True(device.TryAllocate(10_000, out KvArena? arena));
        Assert.True(device.TryAllocatePinned(10_000, out CudaPinnedMemory? host));
        using (arena)
        using (host)
        using (CudaHostLink link = new(device, unitBytes: 4096))
        {
            Span<byte> onDevice = new((void*)arena.Address, 10_000);
            Span<byte> onHost = new((void*)host.Address, 10_000);
            new Random(3).NextBytes(onDevice);
            byte[] expected = onDevice.ToArray();
            KvTransfer transfer = link.CopyToHost([new KvCopy(arena.Address, host.Address, 9_000), new KvCopy(arena.Address + 9_000, host.Address + 9_000, 1_000)]);
            Assert.False(transfer.TryGetResult(out _));
            Assert.True(transfer.Wait());
            Assert.Equal(expected, onHost);
            Assert.Equal(4, simulated.Count("cuMemcpyDtoHAsync_v2"));
            onDevice.Clear();
            Assert.True(link.CopyToDevice([new KvCopy(host.Address, arena.Address, 10_000)]).Wait());
            Assert.Equal(expected, onDevice);
            Assert.Equal(3, simulated.Count("cuMemcpyHtoDAsync_v2"));
        }
    }

    [Fact]
    public void A_copy_out_waits_on_the_device_for_the_work_before_it_and_later_work_for_a_copy_in()
    {
        using Simulated simulated = Simulated.WithMemory();
        CudaDevice device = simulated.Device;
        Assert.True(device.TryAllocate(8, out KvArena? arena));
        Assert.True(device.TryAllocatePinned(8, out CudaPinnedMemory? host));
        using (arena)
        using (host)
        using (CudaHostLink link = new(device))
        {
            long* onDevice = (long*)arena.Address;
            long* onHost = (long*)host.Address;
            simulated.Driver.Launch(device.Stream, [], [new SimulatedRange(arena.Address, 8)], () => *onDevice = 5);
            Assert.True(link.CopyToHost([new KvCopy(arena.Address, host.Address, 8)]).Wait());
            Assert.Equal(5, *onHost);

            *onHost = 6;
            long seen = 0;
            link.CopyToDevice([new KvCopy(host.Address, arena.Address, 8)]);
            Assert.True(link.TryMakeDeviceWait());
            simulated.Driver.Launch(device.Stream, [new SimulatedRange(arena.Address, 8)], [], () => seen = *onDevice);
            device.Synchronize();
            Assert.Equal(6, seen);
        }
    }

    [Fact]
    public void A_copy_with_pageable_memory_has_ended_when_the_call_returns()
    {
        using Simulated simulated = Simulated.WithMemory();
        Assert.True(simulated.Device.TryAllocate(8, out KvArena? arena));
        using (arena)
        using (CudaHostLink link = new(simulated.Device))
        {
            long value = 77;
            link.CopyToDevice([new KvCopy((nint)(&value), arena.Address, 8)]);
            value = 0;
            Assert.Equal(77, *(long*)arena.Address);
        }
    }

    [Fact]
    public void What_the_driver_refuses_is_a_transfer_that_failed()
    {
        using Simulated simulated = Simulated.Dry();
        Assert.True(simulated.Device.TryAllocate(8, out KvArena? arena));
        Assert.True(simulated.Device.TryAllocatePinned(8, out CudaPinnedMemory? host));
        using (arena)
        using (host)
        using (CudaHostLink link = new(simulated.Device, unitBytes: 1))
        {
            foreach ((string entryPoint, int call) in new[] { ("cuMemcpyDtoHAsync_v2", 5), ("cuStreamWaitEvent", 1), ("cuEventRecord", 1) })
            {
                simulated.Driver.FailCall(call, CudaError.Unknown, entryPoint);
                Assert.False(link.CopyToHost([new KvCopy(arena.Address, host.Address, 8)]).Wait());
                Assert.Equal(entryPoint, simulated.Device.LastError!.EntryPoint);
            }

            Assert.True(link.CopyToHost([new KvCopy(arena.Address, host.Address, 8)]).Wait());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new CudaHostLink(simulated.Device, 0));
    }
}
