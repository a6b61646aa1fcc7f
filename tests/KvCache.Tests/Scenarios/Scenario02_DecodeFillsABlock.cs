using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario02_DecodeFillsABlock
{
    [Fact]
    public void Appending_takes_a_block_only_when_the_last_is_full()
    {
        using Stage stage = new(blocks: 10);
        KvSequence a = stage.Prefill(Stage.Tokens(0, 55));

        stage.Append(a, Stage.Tokens(100, 4));
        Assert.Equal([0, 1, 2, 3], Stage.Blocks(a));
        Assert.False(stage.Pool.IsPublished(3));

        stage.Append(a, Stage.Tokens(200, 19));
        Assert.Equal(78, a.Length);
        Assert.Equal([0, 1, 2, 3, 4], Stage.Blocks(a));
        Assert.True(stage.Pool.IsPublished(3));
        Assert.False(stage.Pool.IsPublished(4));
    }

    [Fact]
    public void A_full_block_is_published_by_the_step_that_computes_its_last_token_not_by_the_append()
    {
        using Stage stage = new(blocks: 10);
        KvSequence a = stage.Open(Stage.Tokens(0, 16));
        Assert.False(stage.Pool.IsPublished(0));

        using (KvStep step = stage.Allocator.BeginStep([new KvRow(a, 15)]))
        {
            step.Complete();
        }

        Assert.False(stage.Pool.IsPublished(0));
        stage.Compute(a);
        Assert.True(stage.Pool.IsPublished(0));
    }
}
