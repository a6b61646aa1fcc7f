using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Prefixes;

public class PrefixIndexScaleTests
{
    [Fact]
    public void Ten_thousand_contents_survive_the_growth_of_entries_and_buckets()
    {
        using Stage stage = new(blocks: 10_000, blockTokens: 1);
        for (int first = 0; first < 100; first++)
        {
            stage.RunAndFinish([first, .. Stage.Tokens(0, 99)]);
        }

        Assert.Equal(10_000, stage.Index.Contents.Count);
        Assert.True(stage.Index.Contents.Buckets.Length >= 16_384);
        for (int first = 0; first < 100; first++)
        {
            Assert.Equal(100, stage.Known([first, .. Stage.Tokens(0, 99)]));
        }
    }
}
