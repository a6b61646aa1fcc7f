using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// Pages are the groups of virtual tensors, which belong to one sequence each; the reserve is pages that have memory and no owner. The system runs dry although the
/// logical capacity, sixteen pages, would suffice.
/// </summary>
public class Scenario29_PartialFailureRollsBack
{
    [Fact]
    public void Scenario29_1_what_is_left_of_a_page_stays_available()
    {
        using SupplyStage stage = new(pages: 2);
        KvSequence sequence = stage.Open(6);
        Assert.Equal([0, 1], SupplyStage.Pages(sequence));
        Assert.Equal(2, SupplyStage.Available(sequence));
        Assert.True(stage.TryGrow(sequence, 2));
        Assert.False(stage.TryGrow(sequence, 1));
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario29_2_a_refused_growth_leaves_what_there_was()
    {
        using SupplyStage stage = new(pages: 1);
        KvSequence sequence = stage.Open(2);
        Assert.False(stage.TryGrow(sequence, 4));
        Assert.Equal(2, SupplyStage.Available(sequence));
        Assert.Equal([0], SupplyStage.Pages(sequence));
        stage.Allocator.CheckIntegrity();
        Assert.True(stage.TryGrow(sequence, 2));
        Assert.Equal([0], SupplyStage.Pages(sequence));
    }

    [Fact]
    public void Scenario29_3_a_full_page_and_no_other()
    {
        using SupplyStage stage = new(pages: 1);
        KvSequence sequence = stage.Open(4);
        Assert.Null(stage.TryOpen(4));
        Assert.Equal(0, SupplyStage.Available(sequence));
        Assert.Empty(stage.Reserve);
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario29_4_a_refusal_leaves_the_reserve_in_its_order()
    {
        using SupplyStage stage = new(pages: 2);
        stage.Open(8).Dispose();
        int[] reserve = stage.Reserve;
        Assert.Equal(2, reserve.Length);
        Assert.Null(stage.TryOpen(12));
        Assert.Equal(reserve, stage.Reserve);
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario29_5_what_was_taken_from_the_system_for_nothing_goes_back()
    {
        using SupplyStage stage = new(pages: 1);
        stage.Open(4).Dispose();
        int[] reserve = stage.Reserve;
        stage.Supply = 1;
        Assert.Null(stage.TryOpen(12));
        Assert.Equal(reserve, stage.Reserve);
        Assert.Equal((1, 1L), (stage.Supply, stage.CreatedPages));
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario29_6_when_the_system_has_more_the_reserve_is_used_first()
    {
        using SupplyStage stage = new(pages: 1);
        stage.Open(4).Dispose();
        int[] reserve = stage.Reserve;
        Assert.Null(stage.TryOpen(8));
        stage.Supply = 10;
        KvSequence sequence = stage.Open(5);
        Assert.Equal(reserve[0], SupplyStage.Pages(sequence)[0]);
        Assert.Equal((9, 2L), (stage.Supply, stage.CreatedPages));
        stage.Allocator.CheckIntegrity();
    }

    [Fact]
    public void Scenario29_7_what_is_no_exhaustion_is_an_error()
    {
        using SupplyStage stage = new(pages: 4);
        stage.Break(new IOException("The system is broken."));
        Assert.Throws<IOException>(() => stage.TryOpen(1));
    }
}
