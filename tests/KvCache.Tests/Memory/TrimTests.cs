using KvCache.Memory;
using KvCache.Paged;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Memory;

public class TrimTests
{
    private readonly Stage _stage = new(new PagedKvAllocatorOptions
    {
        Geometry = Stage.Geometry,
        Device = new DryDevice(),
        BlockCount = 8,
        EventCapacity = 100,
    });

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(256, 1)]
    [InlineData(257, 2)]
    [InlineData(long.MaxValue, 3)]
    public void Idle_blocks_go_oldest_first_rounded_up_to_whole_blocks(long bytes, int blocks)
    {
        using Stage stage = _stage;
        using KvSequence owned = stage.Prefill(Stage.Tokens(500, 20));
        stage.RunAndFinish(Stage.Tokens(0, 40));
        Assert.Equal([4, 3, 2], stage.Pool.Idle.ToArray());

        Assert.Equal(blocks * 256L, stage.Allocator.Trim(bytes));
        Assert.Equal(Math.Max(0, 2 - Math.Max(0, blocks - 1)), stage.Allocator.Usage.CachedBlocks);
        Assert.Equal(6, stage.Allocator.Usage.AvailableBlocks);
        Assert.Equal([2, 3, 4], stage.Pool.Trimmed.Concat(stage.Pool.Idle.ToArray()).Order());
        Assert.Equal((3 - Math.Max(1, blocks)) * 16, stage.Known(Stage.Tokens(0, 40)));
    }

    [Fact]
    public void Trimmed_blocks_come_before_cached_ones()
    {
        using Stage stage = _stage;
        stage.RunAndFinish(Stage.Tokens(0, 48));
        stage.Allocator.Trim(256);
        stage.Open(Stage.Tokens(900, 6 * 16)).Dispose();
        Assert.Equal(32, stage.Known(Stage.Tokens(0, 48)));
        Assert.Equal(2, stage.Allocator.Usage.CachedBlocks);
    }

    [Fact]
    public void A_negative_amount_is_an_error()
    {
        using Stage stage = _stage;
        Assert.Throws<ArgumentOutOfRangeException>("bytes", () => stage.Allocator.Trim(-1));
    }
}
