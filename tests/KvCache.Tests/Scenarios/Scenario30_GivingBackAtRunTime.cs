using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// There is no standing limit that could be changed at run time, and so no revisions: memory is taken when it is needed, and <c>Trim</c> says each time how much is to
/// go back. Pages are the groups of virtual tensors.
/// </summary>
public class Scenario30_GivingBackAtRunTime
{
    [Fact]
    public void Scenario30_1_bytes_are_rounded_to_whole_pages()
    {
        using SupplyStage stage = new(pages: 16);
        KvSequence used = stage.Open(1);
        stage.Open(8).Dispose();
        Assert.Equal(3, stage.CreatedPages);
        Assert.Equal(2 * stage.Plan.GroupBytes, stage.Allocator.Trim(stage.Plan.GroupBytes + 123));
        Assert.Equal((1, 15), (stage.CreatedPages, stage.Supply));
        Assert.True(stage.TryGrow(used, 3));
    }

    [Fact]
    public void Scenario30_2_no_page_is_taken_away_from_who_uses_it()
    {
        using SupplyStage stage = new(pages: 16);
        KvSequence[] used = [stage.Open(8), stage.Open(8)];
        Assert.Equal(0, stage.Allocator.Trim(2 * stage.Plan.GroupBytes));
        Assert.Equal(4, stage.CreatedPages);
        used[0].Dispose();
        Assert.Equal(4, stage.CreatedPages);
        Assert.Equal(2 * stage.Plan.GroupBytes, stage.Allocator.Trim(2 * stage.Plan.GroupBytes));
        Assert.Equal(2, stage.CreatedPages);
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario30_3_an_idle_pool_gives_everything_back_and_grows_again_to_what_it_may_have()
    {
        using SupplyStage stage = new(pages: 100);
        stage.Open(12).Dispose();
        Assert.Equal(3 * stage.Plan.GroupBytes, stage.Allocator.Trim(long.MaxValue));
        Assert.Equal((0, 100), (stage.CreatedPages, stage.Supply));
        Assert.Equal(0, stage.Allocator.Trim(long.MaxValue));
        KvSequence all = stage.Open(16 * SupplyStage.BlocksPerPage);
        Assert.Equal(16, stage.CreatedPages);
        Assert.False(stage.TryGrow(all, 1));
    }

    [Fact]
    public void Scenario30_5_what_is_prepared_and_unused_goes_back_too()
    {
        using SupplyStage stage = new(pages: 16, lookaheadTokens: 100);
        KvSequence used = stage.Open(4);
        stage.Allocator.Space.Ahead.Finish();
        Assert.Equal(2, stage.CreatedPages);
        Assert.Equal(stage.Plan.GroupBytes, stage.Allocator.Trim(2 * stage.Plan.GroupBytes));
        Assert.Equal(1, stage.CreatedPages);
        stage.Allocator.CheckIntegrity();
        Assert.True(stage.TryGrow(used, 4));
        stage.Allocator.CheckIntegrity();
    }
}
