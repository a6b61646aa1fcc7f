using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario05_TheLastTokenIsAlwaysComputed
{
    [Fact]
    public void A_fully_cached_prompt_leaves_its_last_block_to_compute()
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, 48);
        stage.RunAndFinish(prompt);

        Assert.Equal(32, stage.Hit(prompt));
        Assert.Equal(48, stage.Hit([.. prompt, 99]));
        KvSequence again = stage.Open(prompt);
        Assert.Equal(32, again.HitLength);
        Assert.Equal(16, again.Length - again.ComputedLength);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void A_fully_cached_prompt_of_n_blocks_hits_all_but_one(int blocks)
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, blocks * 16);
        stage.RunAndFinish(prompt);
        Assert.Equal((blocks - 1) * 16, stage.Hit(prompt));
    }

    [Fact]
    public void One_token_never_hits_and_blocks_of_one_token_hit_all_but_the_last()
    {
        using Stage stage = new(blocks: 10, blockTokens: 1);
        int[] prompt = Stage.Tokens(0, 7);
        stage.RunAndFinish(prompt);

        Assert.Equal(0, stage.Hit(prompt.AsSpan(0, 1)));
        Assert.Equal(0, stage.Hit([]));
        Assert.Equal(6, stage.Hit(prompt));
        Assert.Equal(7, stage.Hit([.. prompt, 7]));
    }
}
