using ILGPU.Runtime;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

[Collection(OneDriver.Name)]
public sealed class OpeningTests
{
    [Fact]
    public void The_device_is_listed_before_the_CPU_accelerator()
    {
        FakeDriver.Require();
        IReadOnlyList<GpuDeviceInfo> found = GpuDevice.Enumerate();
        Assert.Equal(["cuda:0", "cpu-accelerator"], found.Select(info => info.Selector));
        Assert.Equal(("Stand-in 9.0", 64L << 20), (found[0].Name, found[0].MemoryBytes));
    }

    [Fact]
    public void Asking_for_a_device_that_is_not_there_names_those_that_are()
    {
        FakeDriver.Require();
        PlatformNotSupportedException refused =
            Assert.Throws<PlatformNotSupportedException>(() => GpuDevice.Open(GpuDeviceKind.Cuda, 1));
        Assert.Contains("no CUDA device 1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cuda:0 (Stand-in 9.0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Closing_gives_everything_back_arenas_included()
    {
        FakeDriver.Require();
        DriverCounts before = FakeDriver.Count();
        GpuDevice device = FakeDriver.Open();
        Assert.True(device.TryAllocate(1000, out Memory.KvArena? arena));
        Assert.True(device.TryAllocatePinned(1000, out GpuPinnedMemory? pinned));
        for (int i = 0; i < 100; i++)
        {
            device.RecordFence();
        }

        Assert.False(device.IsHostAccessible);
        device.Dispose();
        Assert.Equal(before, FakeDriver.Count());
        arena.Dispose();
        pinned.Dispose();
        device.Dispose();
        Assert.Equal(before, FakeDriver.Count());
    }

    [Fact]
    public void An_engines_accelerator_and_stream_stay_the_engines()
    {
        FakeDriver.Require();
        DriverCounts before = FakeDriver.Count();
        using (GpuDevice engine = FakeDriver.Open())
        {
            using AcceleratorStream stream = engine.Accelerator.CreateStream();
            DriverCounts without = FakeDriver.Count();
            using (GpuDevice adopted = GpuDevice.Adopt(engine.Accelerator, stream))
            {
                Assert.Same(stream, adopted.Stream);
                Assert.Equal(GpuDeviceKind.Cuda, adopted.Info.Kind);
                Assert.True(adopted.TryAllocate(4096, out _));
                adopted.RecordFence().Wait();
            }

            Assert.Equal(without, FakeDriver.Count());
            stream.Synchronize();
        }

        Assert.Equal(before, FakeDriver.Count());
    }

    [Fact]
    public void What_was_current_before_a_call_is_current_afterwards()
    {
        using GpuDevice device = FakeDriver.Open();
        Assert.True(device.TryAllocate(4096, out Memory.KvArena? arena));
        nint ours = FakeDriver.CurrentContext;
        FakeDriver.CurrentContext = 0x77;
        device.Copy([new Memory.KvCopy(arena.Address, arena.Address + 2048, 8)]);
        Memory.KvFence fence = device.RecordFence();
        fence.Wait();
        arena.Dispose();
        Assert.Equal(0x77, FakeDriver.CurrentContext);
        FakeDriver.CurrentContext = ours;
    }
}
