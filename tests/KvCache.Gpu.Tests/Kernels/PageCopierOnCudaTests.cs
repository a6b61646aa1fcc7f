using KvCache.Gpu.Tests.Devices;

namespace KvCache.Gpu.Tests.Kernels;

/// <summary>On a device of the kind, where there is one.</summary>
public sealed class PageCopierOnCudaTests : PageCopierSuite
{
    protected override GpuDevice Device { get; } = SharedDevices.Find(GpuDeviceKind.Cuda);
}
