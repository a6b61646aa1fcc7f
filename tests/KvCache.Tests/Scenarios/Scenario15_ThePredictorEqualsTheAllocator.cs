using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>The probe answers by the planning code of the opening. Windows and null blocks (1 and 3) have no counterpart yet.</summary>
public class Scenario15_ThePredictorEqualsTheAllocator
{
    [Fact]
    public void Scenario15_2_idle_hits_leave_the_free_list_too()
    {
        using Stage stage = new(blocks: 99, blockTokens: 2);
        stage.RunAndFinish(Stage.Tokens(0, 20));
        Assert.Equal((10, 10), PredictAndTake(stage, Stage.Tokens(0, 40)));
    }

    [Fact]
    public void Scenario15_4_one_idle_hit_and_one_new_block()
    {
        using Stage stage = new(blocks: 99, blockTokens: 2);
        stage.RunAndFinish(Stage.Tokens(0, 2));
        Assert.Equal((1, 1), PredictAndTake(stage, Stage.Tokens(0, 4)));
    }

    [Fact]
    public void Hits_that_somebody_owns_leave_nothing()
    {
        using Stage stage = new(blocks: 99, blockTokens: 2);
        using KvSequence owner = stage.Prefill(Stage.Tokens(0, 20));
        Assert.Equal((10, 0), PredictAndTake(stage, Stage.Tokens(0, 40)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(5, 2)]
    [InlineData(5, 17)]
    [InlineData(40, 3)]
    [InlineData(40, 39)]
    [InlineData(40, 100)]
    public void The_numbers_agree_for_every_reservation(int prompt, int reserve)
    {
        using Stage stage = new(blocks: 99, blockTokens: 2);
        stage.RunAndFinish(Stage.Tokens(0, 20));
        PredictAndTake(stage, Stage.Tokens(0, prompt), reserve);
    }

    [Theory]
    [InlineData(198, 0, KvRefusal.None)]
    [InlineData(199, 0, KvRefusal.TooLong)]
    [InlineData(10, 199, KvRefusal.TooLong)]
    public void The_refusals_agree_at_the_edge(int prompt, int reserve, KvRefusal expected)
    {
        using Stage stage = new(blocks: 99, blockTokens: 2);
        KvAdmission predicted = stage.Allocator.Probe(Stage.Tokens(0, prompt), null, reserve);
        stage.Allocator.TryOpen(Stage.Tokens(0, prompt), null, reserve, out _, out KvRefusal refusal);
        Assert.Equal(expected, predicted.Refusal);
        Assert.Equal(expected, refusal);
    }

    private static (int New, int Revived) PredictAndTake(Stage stage, int[] prompt, int reserve = 0)
    {
        KvAdmission predicted = stage.Allocator.Probe(prompt, null, reserve);
        int available = stage.Allocator.Usage.AvailableBlocks;
        using KvSequence opened = stage.Open(prompt, reserve: reserve);
        Assert.Equal(predicted.HitTokens, opened.HitLength);
        Assert.Equal(predicted.NewBlocks + predicted.RevivedBlocks, available - stage.Allocator.Usage.AvailableBlocks);
        Assert.Equal(predicted.NewBlocks + (predicted.HitTokens / 2), Stage.Blocks(opened).Length);
        Assert.True(opened.Capacity >= Math.Max(reserve, opened.Length));
        return (predicted.NewBlocks, predicted.RevivedBlocks);
    }
}
