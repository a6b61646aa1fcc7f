namespace KvCache.Gpu.Tests.Devices;

public sealed class GpuDeviceOnCudaTests : GpuDeviceContract
{
    protected override GpuDeviceKind Kind => GpuDeviceKind.Cuda;
}
