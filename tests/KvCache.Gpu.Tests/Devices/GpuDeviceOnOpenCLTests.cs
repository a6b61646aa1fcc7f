using Xunit;

namespace KvCache.Gpu.Tests.Devices;

[Collection(nameof(AloneOnTheDevice))]
public sealed class GpuDeviceOnOpenCLTests : GpuDeviceContract
{
    protected override GpuDeviceKind Kind => GpuDeviceKind.OpenCL;
}
