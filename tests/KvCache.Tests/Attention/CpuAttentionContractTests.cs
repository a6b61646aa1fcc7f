using KvCache.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Tests.Attention;

public class CpuAttentionContractTests : KvAttentionContract
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => new CpuAttention();
}
