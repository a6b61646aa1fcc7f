using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// What carries over: the cached prefix of each allocation, slots as block × block tokens + offset, duplicates given
/// up, and what is left free. The ids do not: the origin hands out a stack's top, we hand out unused ids upwards and
/// then the oldest idle ones; and a whole cached prompt leaves its last block to compute.
/// </summary>
public class Scenario10_RadixAllocation
{
    [Fact]
    public void Scenario10a_whole_blocks_of_the_prompt_are_cached()
    {
        using Stage stage = new(blocks: 11, blockTokens: 2);
        Assert.Equal(0, stage.Known([0, 1, 2, 3]));
        KvSequence first = stage.Prefill([0, 1, 2, 3], reserve: 8);
        Assert.Equal([0, 1, 2, 3], Stage.Blocks(first));
        Assert.Equal(8, first.Capacity);
        first.Dispose();

        Assert.Equal(4, stage.Known([0, 1, 2, 3]));
        Assert.Equal(2, stage.Allocator.Usage.CachedBlocks);
        KvSequence second = stage.Open([0, 1, 2, 3], reserve: 8);
        Assert.Equal(2, second.HitLength);
        Assert.Equal(0, Stage.Blocks(second)[0]);
    }

    [Fact]
    public void Scenario10b_a_partial_block_of_the_prompt_is_not()
    {
        using Stage stage = new(blocks: 11, blockTokens: 2);
        KvSequence first = stage.Prefill([0, 1, 2], reserve: 7);
        Assert.Equal(4, Stage.Blocks(first).Length);
        Assert.Equal([0L, 1, 2], Slots(stage, first));
        first.Dispose();

        Assert.Equal(2, stage.Hit([0, 1, 2]));
        Assert.Equal(1, stage.Allocator.Usage.CachedBlocks);
    }

    [Fact]
    public void Scenario10c_duplicates_computed_at_the_same_time_are_kept_once()
    {
        using Stage stage = new(blocks: 19, blockTokens: 1);
        KvSequence first = stage.Prefill([0, 1], reserve: 4);
        Assert.Equal(0, first.HitLength);
        first.Dispose();

        KvSequence x = stage.Open([0, 1, 2, 3, 4, 5], reserve: 8);
        KvSequence y = stage.Open([0, 1, 2, 3, 6, 7], reserve: 8);
        Assert.Equal(2, x.HitLength);
        Assert.Equal(2, y.HitLength);
        Assert.Empty(Stage.Blocks(x)[2..].Intersect(Stage.Blocks(y)[2..]));
        stage.Compute(x, y);
        Assert.Equal(Stage.Blocks(x)[..4], Stage.Blocks(y)[..4]);
        y.Dispose();
        x.Dispose();

        _ = stage.FreeOrder();
        Assert.Equal(11, stage.Allocator.Usage.FreeBlocks);
        Assert.Equal(8, stage.Allocator.Usage.CachedBlocks);
        Assert.Equal(6, stage.Known([0, 1, 2, 3, 4, 5]));
        Assert.Equal(6, stage.Known([0, 1, 2, 3, 6, 7]));
        Assert.Equal(5, stage.Open([0, 1, 2, 3, 4, 5]).HitLength);
    }

    private static long[] Slots(Stage stage, KvSequence sequence)
    {
        sequence.Truncate(0);
        Assert.True(sequence.TryAppend([0, 1, 2], out _));
        using KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, 3)]);
        long[] slots = new long[3];
        step.Enter(0).CopySlotMapping(slots);
        step.Complete();
        return [.. slots.Select(slot => slot - slots[0])];
    }
}
