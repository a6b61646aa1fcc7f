using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario03_AReusedBlockLosesItsHash
{
    [Fact]
    public void The_only_block_is_found_until_it_is_issued_again()
    {
        using Stage stage = new(blocks: 1);
        int[] x = Stage.Tokens(0, 16);
        stage.RunAndFinish(x);
        int[] found = new int[1];
        Assert.Equal(1, stage.Index.Match(KvNamespace.Default, x, found));
        Assert.Equal([0], found);

        KvSequence second = stage.Prefill(Stage.Tokens(500, 15));
        Assert.Equal([0], Stage.Blocks(second));
        Assert.Equal(0, stage.Index.ContentOf(0));
        Assert.False(stage.Pool.IsPublished(0));
        Assert.Equal(0, stage.Known(x));
        Assert.Equal(0, stage.Hit([.. x, 7]));
    }
}
