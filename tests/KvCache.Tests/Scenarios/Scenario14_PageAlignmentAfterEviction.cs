using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// Our ids are pages, so that a page's first slot is aligned by construction; what is left to see is that the slots
/// handed to kernels say so, and that eviction frees whole pages.
/// </summary>
public class Scenario14_PageAlignmentAfterEviction
{
    private int _next = 1_000_000;

    [Theory]
    [InlineData(4, 4, 2, 1)]
    [InlineData(4, 4, 3, 2)]
    [InlineData(8, 8, 4, 1)]
    public void Pages_are_aligned_disjoint_and_as_many_as_asked_for(int pageTokens, int pages, int cached, int asked)
    {
        using Stage stage = new(pages, pageTokens);
        Cache(stage, cached);
        KvSequence taken = stage.Open(Fresh(asked * pageTokens));
        long[] slots = Slots(stage, taken);
        Assert.Equal(asked, Stage.Blocks(taken).Length);
        Assert.Equal(slots.Length, slots.Distinct().Count());
        AssertExpanded(slots, pageTokens);
        Assert.Equal(pages - asked, stage.Allocator.Usage.AvailableBlocks);
    }

    [Fact]
    public void Two_allocations_do_not_overlap()
    {
        using Stage stage = new(blocks: 4, blockTokens: 4);
        Cache(stage, 2);
        long[] first = Slots(stage, stage.Open(Fresh(4)));
        long[] second = Slots(stage, stage.Open(Fresh(4)));
        Assert.Empty(first.Intersect(second));
    }

    [Fact]
    public void The_cached_pages_go_last_and_one_at_a_time()
    {
        using Stage stage = new(blocks: 8, blockTokens: 4);
        stage.RunAndFinish(Stage.Tokens(0, 8));
        KvUsage usage = stage.Allocator.Usage;
        Assert.Equal((6, 2), (usage.FreeBlocks, usage.CachedBlocks));

        _ = stage.Open(Fresh(24));
        usage = stage.Allocator.Usage;
        Assert.Equal((0, 2), (usage.FreeBlocks, usage.CachedBlocks));

        long[] slots = Slots(stage, stage.Open(Fresh(4)));
        AssertExpanded(slots, 4);
        Assert.Equal(1, stage.Allocator.Usage.CachedBlocks);
        Assert.Equal(4, stage.Known(Stage.Tokens(0, 8)));
    }

    /// <summary>Takes all pages, publishes the first of them and gives all back.</summary>
    private static void Cache(Stage stage, int pages)
    {
        int pageTokens = stage.Allocator.BlockTokens;
        stage.Prefill(Stage.Tokens(0, pages * pageTokens), reserve: stage.Pool.Capacity * pageTokens).Dispose();
        Assert.Equal(pages, stage.Allocator.Usage.CachedBlocks);
        Assert.Equal(stage.Pool.Capacity, stage.Pool.Idle.Count);
    }

    private static long[] Slots(Stage stage, KvSequence sequence)
    {
        using KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, sequence.Length)]);
        long[] slots = new long[step.TokenCount];
        step.Enter(0).CopySlotMapping(slots);
        return slots;
    }

    private static void AssertExpanded(long[] slots, int pageTokens)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            long start = slots[i - (i % pageTokens)];
            Assert.Equal(0, start % pageTokens);
            Assert.Equal(start + (i % pageTokens), slots[i]);
        }
    }

    private int[] Fresh(int count) => Stage.Tokens(_next += 1000, count);
}
