using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class KvAttentionExtensionsTests
{
    [Fact]
    public void Nothing_to_attend_with_is_refused() =>
        Assert.Throws<ArgumentNullException>("attention", () => ((IKvAttention)null!).Attend(default, default, default));
}
