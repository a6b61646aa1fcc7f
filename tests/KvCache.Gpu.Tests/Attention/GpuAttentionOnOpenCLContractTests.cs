using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Gpu.Tests.Devices;
using KvCache.Specs.Attention;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>On a device of the kind, where there is one.</summary>
public sealed class GpuAttentionOnOpenCLContractTests : KvAttentionContract
{
    protected override AttentionSite Site { get; } = new GpuSite(SharedDevices.Find(GpuDeviceKind.OpenCL));

    protected override IKvAttention CreateAttention() => new GpuAttention(SharedDevices.Find(GpuDeviceKind.OpenCL));
}
