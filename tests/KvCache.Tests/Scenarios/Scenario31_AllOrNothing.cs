using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>One device, so that the host half and the resolving of foreign ids have no counterpart.</summary>
public class Scenario31_AllOrNothing
{
    [Fact]
    public void References_keep_blocks_until_the_last_and_too_many_takes_none()
    {
        BlockPool pool = new(16, new LeastRecentlyUsed());
        int[] four = new int[4];
        Assert.True(pool.TryTake(four));
        Assert.Equal(12, pool.Available);
        pool.AddReference(four);
        pool.Release(four);
        Assert.Equal(12, pool.Available);
        pool.Release(four);
        Assert.Equal(16, pool.Available);

        int[] tooMany = new int[17];
        Assert.False(pool.TryTake(tooMany));
        Assert.Equal(new int[17], tooMany);
        Assert.Equal(16, pool.Available);
        Assert.Equal([3, 2, 1, 0], pool.Idle.ToArray());
    }

    [Fact]
    public void The_same_told_with_sequences()
    {
        using Stage stage = new(blocks: 16);
        KvSequence a = stage.Prefill(Stage.Tokens(0, 64));
        Assert.Equal(12, stage.Allocator.Usage.AvailableBlocks);
        Assert.True(a.TryFork(64, out KvSequence? b, out _));
        a.Dispose();
        Assert.Equal(12, stage.Allocator.Usage.AvailableBlocks);
        b.Dispose();
        Assert.Equal(16, stage.Allocator.Usage.AvailableBlocks);

        int[] order = stage.FreeOrder();
        Assert.False(stage.Allocator.TryOpen(Stage.Tokens(900, 17 * 16), null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.Equal(order, stage.FreeOrder());
    }
}
