using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>As it is used by default.</summary>
public sealed class CpuAttentionContractTests : KvAttentionContract
{
    protected override AttentionSite Site => HostSite.Instance;

    protected override IKvAttention CreateAttention() => new CpuAttention();

    /// <summary>Failures found by drawn cases are kept here, in the words in which they were printed.</summary>
    [Theory]
    [InlineData("type=BFloat16 kv=1 group=6 key=1 value=1 page=16 layer=1 scattered=False gap=0 skew=0 scale=0 cap=0 spread=0.5 poison=Mixed seed=874454662 rows=3546+1")]
    public void Cases_that_once_failed_agree_with_the_formula(string drawn) => Replay(drawn);
}
