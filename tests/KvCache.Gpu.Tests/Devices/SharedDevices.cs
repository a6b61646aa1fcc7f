using Xunit;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>One device of each kind for all tests: opening one takes longer than most tests do.</summary>
internal static class SharedDevices
{
    private static readonly Lazy<GpuDevice> LazyCpu = new(static () => GpuDevice.Open(GpuDeviceKind.CpuAccelerator));
    private static readonly Lazy<GpuDevice?> LazyCuda = new(static () => TryOpen(GpuDeviceKind.Cuda));
    private static readonly Lazy<GpuDevice?> LazyOpenCL = new(static () => TryOpen(GpuDeviceKind.OpenCL));

    /// <summary>The CPU accelerator.</summary>
    public static GpuDevice Cpu => LazyCpu.Value;

    /// <summary>The device of a kind; the test is skipped where there is none.</summary>
    public static GpuDevice Find(GpuDeviceKind kind)
    {
        GpuDevice? device = kind switch
        {
            GpuDeviceKind.Cuda => LazyCuda.Value,
            GpuDeviceKind.OpenCL => LazyOpenCL.Value,
            _ => Cpu,
        };
        if (device is null)
        {
            Assert.Skip($"This machine has no {kind} device.");
        }

        return device;
    }

    private static GpuDevice? TryOpen(GpuDeviceKind kind) =>
        GpuDevice.Enumerate(includeOpenCL: kind == GpuDeviceKind.OpenCL).Any(info => info.Kind == kind) ? GpuDevice.Open(kind) : null;
}
