using ILGPU.Runtime.CPU;
using Xunit;

namespace KvCache.Gpu.Tests.Devices;

public sealed class GpuDeviceOpeningTests
{
    [Fact]
    public void The_CPU_accelerator_is_always_there_and_OpenCL_only_where_it_is_asked_for()
    {
        IReadOnlyList<GpuDeviceInfo> found = GpuDevice.Enumerate();
        Assert.Equal("cpu-accelerator", Assert.Single(found, info => info.Kind == GpuDeviceKind.CpuAccelerator).Selector);
        Assert.DoesNotContain(found, info => info.Kind == GpuDeviceKind.OpenCL);
        Assert.Equal(found, GpuDevice.Enumerate(includeOpenCL: true).Where(info => info.Kind != GpuDeviceKind.OpenCL));
    }

    [Theory]
    [InlineData(GpuDeviceKind.Cuda, 99, "no CUDA device 99")]
    [InlineData(GpuDeviceKind.OpenCL, 99, "no OpenCL device 99")]
    [InlineData(GpuDeviceKind.CpuAccelerator, 1, "no CPU accelerator 1")]
    public void Asking_for_what_is_absent_names_what_was_found(GpuDeviceKind kind, int ordinal, string expected)
    {
        PlatformNotSupportedException refused = Assert.Throws<PlatformNotSupportedException>(() => GpuDevice.Open(kind, ordinal));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        foreach (GpuDeviceInfo found in GpuDevice.Enumerate(includeOpenCL: kind == GpuDeviceKind.OpenCL))
        {
            Assert.Contains(found.ToString(), refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nonsense_is_refused_by_name()
    {
        Assert.Throws<ArgumentOutOfRangeException>("ordinal", () => GpuDevice.Open(GpuDeviceKind.Cuda, -1));
        Assert.Throws<ArgumentOutOfRangeException>("kind", () => GpuDevice.Open((GpuDeviceKind)7));
        Assert.Throws<ArgumentNullException>("accelerator", () => GpuDevice.Adopt(null!));
    }

    [Fact]
    public void The_CPU_accelerator_has_the_shape_that_was_asked_for()
    {
        bool configured = false;
        using GpuDevice device = GpuDevice.Open(GpuDeviceKind.CpuAccelerator, 0, new GpuDeviceOptions
        {
            CpuAccelerator = new CPUDevice(4, 2, 1),
            Configure = _ => configured = true,
        });
        Assert.Equal((4, 8), (device.Accelerator.WarpSize, device.Accelerator.MaxNumThreadsPerGroup));
        Assert.True(configured);
        Assert.True(device.IsHostAccessible);
        Assert.True(device.HasMemory);
        Assert.Null(device.LastError);
    }

    [Fact]
    public unsafe void Addresses_on_the_CPU_accelerator_are_the_processs()
    {
        using GpuDevice device = GpuDevice.Open(GpuDeviceKind.CpuAccelerator);
        Assert.True(device.TryAllocate(100, out Memory.KvArena? arena));
        *(byte*)arena.Address = 5;
        Assert.Equal(5, device.View(arena.Address, 1)[0]);
        byte own = 9;
        using GpuForeignMemory wrapped = device.Wrap((nint)(&own), 1);
        Assert.Equal(9, device.View((nint)(&own), 1)[0]);
    }

    [Fact]
    public void OpenCL_memory_has_no_addresses_to_wrap() =>
        Assert.Throws<NotSupportedException>(() => SharedDevices.Find(GpuDeviceKind.OpenCL).Wrap(8, 8));
}
