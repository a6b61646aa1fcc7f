using ILGPU.Runtime.CPU;
using KvCache.Gpu.Tests.Devices;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The CPU accelerators that attention is tested on, each opened once: kernels are compiled once for each.</summary>
internal static class TestDevices
{
    private static readonly Lazy<GpuDevice> LazyBlocks = new(static () =>
        GpuDevice.Open(GpuDeviceKind.CpuAccelerator, 0, new GpuDeviceOptions { CpuAccelerator = new CPUDevice(32, 8, 1) }));

    /// <summary>One of few threads, in warps of four.</summary>
    public static GpuDevice Threads => SharedDevices.Cpu;

    /// <summary>One with warps of 32 and groups of 256, as a GPU has them.</summary>
    public static GpuDevice Blocks => LazyBlocks.Value;
}
