using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Gpu.Tests.Devices;
using KvCache.Specs.Attention;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The kernels without tensor cores on a CUDA device, where there is one; those with have a contract of their own.</summary>
public sealed class GpuAttentionOnCudaContractTests : KvAttentionContract
{
    protected override AttentionSite Site { get; } = new GpuSite(SharedDevices.Find(GpuDeviceKind.Cuda));

    protected override IKvAttention CreateAttention() =>
        new GpuAttention(SharedDevices.Find(GpuDeviceKind.Cuda), new GpuAttentionOptions { TensorCores = false });
}
