namespace KvCache.Gpu.Tests.Devices;

public sealed class GpuDeviceOnOpenCLTests : GpuDeviceContract
{
    protected override GpuDeviceKind Kind => GpuDeviceKind.OpenCL;
}
