using KvCache.Attention;
using KvCache.Specs.Attention;

namespace KvCache.Tests.Attention;

/// <summary>The same promises on the calling thread alone.</summary>
public sealed class CpuAttentionOnOneThreadContractTests : KvAttentionContract
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => CpuAttentions.OnThreads(1);
}

/// <summary>The same promises where work does not divide evenly among threads, of which there may be more than processors.</summary>
public sealed class CpuAttentionOnThreeThreadsContractTests : KvAttentionContract
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => CpuAttentions.OnThreads(3);
}
