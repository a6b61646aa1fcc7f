using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Ledger;

public class BlockPoolTests
{
    private readonly BlockPool _pool = new(8, new LeastRecentlyUsed());

    [Fact]
    public void Unused_blocks_come_first_in_ascending_order_then_trimmed_then_idle_ones()
    {
        Assert.Equal([0, 1, 2, 3, 4], Take(5));
        _pool.Release([0, 1, 2]);
        int[] trimmed = new int[1];
        _pool.TakeIdle(trimmed);
        _pool.SetAside(trimmed);
        Assert.Equal([2], _pool.Trimmed);
        Assert.Equal([1, 0], _pool.Idle.ToArray());
        Assert.Equal([5, 6, 7, 2, 1, 0], Take(6));
        Assert.Equal(0, _pool.Available);
    }

    [Fact]
    public void Taking_too_many_takes_none()
    {
        Take(5);
        _pool.Release([4]);
        int[] blocks = new int[5];
        Assert.False(_pool.TryTake(blocks));
        Assert.Equal(new int[5], blocks);
        Assert.Equal((4, 5), (_pool.Available, _pool.HighWater));
        Assert.True(_pool.TryTake(blocks.AsSpan(0, 4)));
        Assert.True(_pool.TryTake([]));
    }

    [Fact]
    public void Every_block_is_counted_in_one_state()
    {
        Take(6);
        AssertCounts(owned: 6, cached: 0, inTransfer: 0);
        _pool.SetPublished(0, published: true);
        _pool.SetPublished(1, published: true);
        AssertCounts(owned: 6, cached: 0, inTransfer: 0);
        _pool.Release([0, 2]);
        AssertCounts(owned: 4, cached: 1, inTransfer: 0);
        _pool.Retire(1);
        _pool.Retire(3);
        AssertCounts(owned: 2, cached: 1, inTransfer: 2);
        _pool.Settle(1);
        _pool.Settle(3);
        AssertCounts(owned: 2, cached: 2, inTransfer: 0);
        _pool.AddReference([0]);
        AssertCounts(owned: 3, cached: 1, inTransfer: 0);
        _pool.SetPublished(1, published: false);
        _pool.SetPublished(1, published: false);
        AssertCounts(owned: 3, cached: 0, inTransfer: 0);
        _pool.SetPublished(1, published: true);
        AssertCounts(owned: 3, cached: 1, inTransfer: 0);
    }

    [Fact]
    public void A_published_victim_is_taken_with_its_content_which_the_caller_forgets()
    {
        Take(8);
        _pool.SetPublished(3, published: true);
        _pool.Release([3]);
        Assert.Equal([3], Take(1));
        Assert.True(_pool.IsPublished(3));
        AssertCounts(owned: 8, cached: 0, inTransfer: 0);
        _pool.SetPublished(3, published: false);
        AssertCounts(owned: 8, cached: 0, inTransfer: 0);
    }

    [Fact]
    public void A_retired_block_is_out_of_reach_until_every_fence_has_passed()
    {
        Take(8);
        _pool.AddReference([5]);
        _pool.Retire(5);
        Assert.Equal((1, false), (_pool.ReferenceCount(5), _pool.IsExclusive(5)));
        _pool.Retire(5);
        AssertCounts(owned: 7, cached: 0, inTransfer: 1);
        Assert.Equal(0, _pool.Available);
        Assert.False(_pool.IsUnowned(5));
        _pool.Settle(5);
        Assert.Equal(0, _pool.Available);
        _pool.Settle(5);
        Assert.Equal([5], _pool.Idle.ToArray());
        AssertCounts(owned: 7, cached: 0, inTransfer: 0);
    }

    [Fact]
    public void A_retired_block_can_be_revived_and_released_before_its_fence()
    {
        Take(8);
        _pool.Retire(2);
        _pool.AddReference([2]);
        AssertCounts(owned: 8, cached: 0, inTransfer: 0);
        Assert.False(_pool.IsExclusive(2));
        _pool.Release([2]);
        AssertCounts(owned: 7, cached: 0, inTransfer: 1);
        Assert.Equal(0, _pool.Idle.Count);
        _pool.AddReference([2]);
        _pool.Settle(2);
        Assert.True(_pool.IsExclusive(2));
        AssertCounts(owned: 8, cached: 0, inTransfer: 0);
    }

    [Fact]
    public void Only_an_exclusive_unpublished_block_is_writable()
    {
        Take(1);
        Assert.True(_pool.IsWritable(0));
        _pool.SetPublished(0, published: true);
        Assert.Equal((false, true), (_pool.IsWritable(0), _pool.IsExclusive(0)));
        _pool.SetPublished(0, published: false);
        _pool.AddReference([0]);
        Assert.Equal((false, false), (_pool.IsWritable(0), _pool.IsExclusive(0)));
    }

    [Fact]
    public void A_pool_without_blocks_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new BlockPool(0, new LeastRecentlyUsed()));

    private int[] Take(int count)
    {
        int[] blocks = new int[count];
        Assert.True(_pool.TryTake(blocks));
        return blocks;
    }

    private void AssertCounts(int owned, int cached, int inTransfer) =>
        Assert.Equal((owned, cached, inTransfer), (_pool.Owned, _pool.Cached, _pool.InTransfer));
}
