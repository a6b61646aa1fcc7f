using ILGPU;
using ILGPU.Runtime;
using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

public sealed class LaunchTests : FakeDriverTest
{
    [Fact]
    public void A_kernel_gets_the_arenas_own_address_in_the_devices_stream()
    {
        using KvArena arena = Allocate(4096);
        Action<AcceleratorStream, KernelConfig, ArrayView<int>, int> kernel =
            Device.Accelerator.LoadKernel<ArrayView<int>, int>(Write);
        FakeDriver.TakeLog();
        kernel(Device.Stream, new KernelConfig(new Index3D(3, 2, 1), new Index3D(64, 4, 1)), Device.View(arena.Address + 256, 1024).Cast<int>(), 7);
        Device.RecordFence();
        string[] log = FakeDriver.TakeLog();
        string stream = log[1].Split("stream ")[1];

        // A view is passed as an address and a length.
        Assert.StartsWith(
            $"launch grid 3,2,1 block 64,4,1 shared 0 stream {stream} first 0x{arena.Address + 256:x} bytes 20 of ", log[0], StringComparison.Ordinal);
        Assert.NotEqual("0", stream);
    }

    [Fact]
    public void Launching_and_finding_memory_allocate_nothing_on_the_managed_heap()
    {
        using KvArena arena = Allocate(4096);
        Action<AcceleratorStream, KernelConfig, ArrayView<int>, int> kernel =
            Device.Accelerator.LoadKernel<ArrayView<int>, int>(Write);
        Launch(50);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Launch(200);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Launch(int times)
        {
            for (int i = 0; i < times; i++)
            {
                kernel(Device.Stream, new KernelConfig(3, 64), Device.View(arena.Address, 1024).Cast<int>(), i);
            }
        }
    }

    private static void Write(ArrayView<int> output, int value) => output[Grid.GlobalIndex.X] = value;
}
