using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Ledger;

public class BlockPoolScaleTests
{
    private const int Billion = 1_000_000_000;

    [Fact]
    public void A_pool_of_a_billion_blocks_opens_at_once()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        BlockPool pool = new(Billion, new LeastRecentlyUsed());
        int[] block = new int[1];
        Assert.True(pool.TryTake(block));
        pool.Release(block);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 64 << 10, $"{allocated} bytes");
        Assert.Equal(Billion, pool.Available);
    }

    [Fact]
    public void An_allocator_of_a_billion_blocks_computes_a_sequence_at_once()
    {
        PagedKvAllocatorOptions options = new()
        {
            Geometry = Scenarios.Stage.Geometry,
            Device = new DryDevice(),
            BlockCount = Billion,
        };
        long before = GC.GetAllocatedBytesForCurrentThread();
        using PagedKvAllocator allocator = new(options);
        Assert.True(allocator.TryOpen([1], null, 17, out KvSequence? sequence, out _));
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 64 << 10, $"{allocated} bytes");
        Assert.Equal(32, sequence.Capacity);
        Assert.Equal(Billion * 256L, allocator.Usage.TotalBytes);
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void Releasing_in_batches_keeps_the_order(int count)
    {
        BlockPool pool = new(1000, new LeastRecentlyUsed());
        int[] blocks = new int[count];
        Assert.True(pool.TryTake(blocks));
        pool.Release(blocks);
        Assert.Equal(blocks.Reverse(), pool.Idle.ToArray());
        Assert.Equal((0, 1000), (pool.Owned, pool.Available));
    }
}
