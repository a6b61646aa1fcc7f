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
    public void Blocks_settle_when_their_step_has_passed_oldest_first_last_block_first()
    {
        Step(_device);
        _retired.Retire([0, 1]);
        Step(_device);
        _retired.Retire([2]);
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
    public void Blocks_given_back_during_a_step_wait_for_the_fence_recorded_at_its_end()
    {
        Assert.False(_retired.MustWait);
        _retired.BeginStep();
        Assert.True(_retired.MustWait);
        _retired.Retire([4]);
        _retired.Retire([5, 6]);
        _device.PassAll();
        _retired.Collect();
        Assert.Equal((3, 3), (_retired.Count, _retired.SegmentBlocks));
        _retired.EndStep(_device.RecordFence());
        _retired.Collect();
        Assert.Equal(3, _retired.Count);
        Assert.True(_retired.MustWait);
        _device.PassAll();
        _retired.Collect();
        Assert.Equal([4, 6, 5], _pool.Idle.ToArray());
        Assert.False(_retired.MustWait);
    }

    [Fact]
    public void A_later_step_that_has_passed_elsewhere_says_nothing_about_an_earlier_one()
    {
        ManualDevice fast = new();
        Step(_device);
        Step(fast);
        _retired.Retire([3]);
        fast.PassAll();
        _retired.Collect();
        Assert.True(_retired.MustWait);
        Assert.Equal(1, _retired.Count);
        _device.PassAll();
        _retired.Collect();
        Assert.Equal(0, _retired.Count);
    }

    [Fact]
    public void Waiting_waits_for_every_step_and_settles_nothing_itself()
    {
        Step(_device);
        _retired.Retire([0]);
        Step(_device);
        _retired.Retire([1]);
        _retired.WaitForSteps();
        Assert.Equal(2, _device.Waits);
        Assert.Equal(2, _pool.InTransfer);
        _retired.Collect();
        Assert.Equal(0, _pool.InTransfer);
    }

    private void Step(ManualDevice device)
    {
        _retired.BeginStep();
        _retired.EndStep(device.RecordFence());
    }
}
