namespace KvCache.Gpu.Tests.Devices;

public sealed class GpuDeviceOnCpuAcceleratorTests : GpuDeviceContract
{
    protected override GpuDeviceKind Kind => GpuDeviceKind.CpuAccelerator;
}
