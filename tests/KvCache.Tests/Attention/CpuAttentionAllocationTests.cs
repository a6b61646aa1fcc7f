using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

[Collection(RunAlone.Name)]
public sealed class CpuAttentionAllocationTests : KvAttentionAllocations
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => new CpuAttention(new CpuAttentionOptions { Threads = 3 });
}
