using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>As it is used on the CPU accelerator by default.</summary>
public sealed class GpuAttentionOnCpuAcceleratorContractTests : KvAttentionContract
{
    protected override AttentionSite Site { get; } = new GpuSite(TestDevices.Threads);

    protected override IKvAttention CreateAttention() => new GpuAttention(TestDevices.Threads);
}
