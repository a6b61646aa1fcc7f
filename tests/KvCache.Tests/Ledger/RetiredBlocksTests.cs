using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Ledger;

public class RetiredBlocksTests
{
    private readonly BlockPool _pool = new(8, new LeastRecentlyUsed());
    private readonly ManualDevice _device = new();
    private readonly RetiredBlocks _retired;

    public RetiredBlocksTests()
    {
        Assert.True(_pool.TryTake(new int[8]));
        _retired = new RetiredBlocks(_pool);
    }

    [Fact]
    public void Blocks_settle_when_their_own_fence_passes_oldest_first_last_block_first()
    {
        _retired.Retire([0, 1], _device.RecordFence());
        _retired.Retire([2], _device.RecordFence());
        _retired.Collect();
        Assert.Equal((3, 3, 3), (_retired.Count, _retired.SegmentBlocks, _pool.InTransfer));
        _device.Pass(1);
        _retired.Collect();
        Assert.Equal([1, 0], _pool.Idle.ToArray());
        Assert.Equal([2], _retired.Blocks);
        _device.Pass(2);
        _retired.Collect();
        Assert.Equal([1, 0, 2], _pool.Idle.ToArray());
        Assert.Equal((0, 0, 0), (_retired.Count, _retired.SegmentBlocks, _pool.InTransfer));
    }

    [Fact]
    public void Blocks_of_the_open_step_wait_for_the_fence_recorded_at_its_end()
    {
        _retired.RetireIntoOpenStep([4]);
        _retired.RetireIntoOpenStep([5, 6]);
        _device.PassAll();
        _retired.Collect();
        Assert.Equal((3, 3), (_retired.Count, _retired.SegmentBlocks));
        _retired.CloseStep(_device.RecordFence());
        _retired.Collect();
        Assert.Equal(3, _retired.Count);
        _device.PassAll();
        _retired.Collect();
        Assert.Equal([4, 6, 5], _pool.Idle.ToArray());
        _retired.CloseStep(_device.RecordFence());
        Assert.Equal(0, _retired.SegmentBlocks);
    }

    [Fact]
    public void Waiting_waits_for_every_fence_and_settles_nothing_itself()
    {
        _retired.Retire([0], _device.RecordFence());
        _retired.Retire([1], _device.RecordFence());
        _retired.WaitAll();
        Assert.Equal(2, _device.Waits);
        Assert.Equal(2, _pool.InTransfer);
        _retired.Collect();
        Assert.Equal(0, _pool.InTransfer);
    }
}
