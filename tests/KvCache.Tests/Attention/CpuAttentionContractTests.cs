using KvCache.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Tests.Attention;

/// <summary>As it is used by default.</summary>
public sealed class CpuAttentionContractTests : KvAttentionContract
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => new CpuAttention();
}
