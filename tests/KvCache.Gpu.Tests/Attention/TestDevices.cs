using ILGPU.Runtime.CPU;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The devices that attention is tested on, each made once and kept: kernels are compiled once for each.</summary>
internal static class TestDevices
{
    private static readonly Lazy<GpuDevice> LazyThreads = new(() => new GpuDevice(new CPUDevice(4, 4, 1)));
    private static readonly Lazy<GpuDevice> LazyBlocks = new(() => new GpuDevice(new CPUDevice(32, 8, 1)));

    /// <summary>A CPU accelerator of few threads, whose kernels are those for dear barriers.</summary>
    public static GpuDevice Threads => LazyThreads.Value;

    /// <summary>A CPU accelerator with warps of 32 and groups of 256, as a GPU has them.</summary>
    public static GpuDevice Blocks => LazyBlocks.Value;
}
