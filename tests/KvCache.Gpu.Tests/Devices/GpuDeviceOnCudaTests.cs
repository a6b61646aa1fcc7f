using Xunit;

namespace KvCache.Gpu.Tests.Devices;

[Collection(nameof(AloneOnTheDevice))]
public sealed class GpuDeviceOnCudaTests : GpuDeviceContract
{
    protected override GpuDeviceKind Kind => GpuDeviceKind.Cuda;
}
