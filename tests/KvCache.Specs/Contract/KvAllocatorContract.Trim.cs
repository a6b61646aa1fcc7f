using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Giving memory back to the system.</content>
public abstract partial class KvAllocatorContract
{
    /// <summary>Whether memory that nobody owns can be given back; null where the device's arenas say so.</summary>
    protected virtual bool? GivesMemoryBack => null;

    /// <summary>Keys and values of one block and layer are one system page each.</summary>
    private static ContractSetup PageSized => new() { Geometry = KvGeometry.Create(2, 8, 64), BlockTokens = 4, BlockCount = 8 };

    [Fact]
    public void Trimming_gives_idle_memory_back_and_keeps_what_is_owned()
    {
        CacheFixture cache = Create(PageSized);
        KvSequence gone = cache.OpenComputed(Run(50, 12));
        KvSequence kept = cache.OpenComputed(Run(0, 10));
        gone.Dispose();
        Assert.Equal(12, cache.Hit(Run(50, 13)));
        long expected = CanTrim(cache) ? 3 * cache.Usage.BlockBytes : 0;
        Assert.Equal(expected, cache.Allocator.Trim(long.MaxValue));
        Assert.Equal(expected > 0 ? 0 : 12, cache.Hit(Run(50, 13)));
        Assert.Equal(0, cache.Allocator.Trim(long.MaxValue));
        cache.Allocator.CheckIntegrity();
        cache.Verify(kept);
        cache.Append(kept, Run(70, 20));
        cache.Compute(kept);
        cache.Verify(kept);
    }

    [Fact]
    public void Trimming_gives_back_whole_blocks_oldest_first_and_no_more_than_asked_for()
    {
        CacheFixture cache = Create(PageSized);
        if (!CanTrim(cache))
        {
            return;
        }

        cache.OpenComputed(Run(0, 4)).Dispose();
        cache.OpenComputed(Run(50, 4)).Dispose();
        long block = cache.Usage.BlockBytes;
        Assert.Equal(0, cache.Allocator.Trim(0));
        Assert.Equal((4, 4), (cache.Hit(Run(0, 5)), cache.Hit(Run(50, 5))));
        Assert.Equal(block, cache.Allocator.Trim(1));
        Assert.Equal((0, 4), (cache.Hit(Run(0, 5)), cache.Hit(Run(50, 5))));
        Assert.Equal(block, cache.Allocator.Trim(block + 1));
        Assert.Equal(0, cache.Hit(Run(50, 5)));
        Assert.Equal(cache.Usage.TotalBlocks, cache.Usage.FreeBlocks);
    }

    [Fact]
    public void Trimmed_memory_reads_zero_and_is_used_again()
    {
        CacheFixture cache = Create(PageSized with { BlockCount = 2 });
        if (!CanTrim(cache))
        {
            return;
        }

        cache.OpenComputed(Run(0, 8)).Dispose();
        Assert.Equal(2 * cache.Usage.BlockBytes, cache.Allocator.Trim(long.MaxValue));
        KvSequence sequence = cache.Open(Run(50, 8));
        using (KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 8)]))
        {
            DeviceMemory memory = MemoryOf(cache.Allocator.Device);
            byte[] bytes = new byte[128];
            for (int layer = 0; layer < 2; layer++)
            {
                KvLayerView view = step.Enter(layer);
                for (int position = 0; position < 8; position++)
                {
                    memory.Read(StampedMemory.KeyAddress(view, 0, position, position), bytes);
                    Assert.All(bytes, value => Assert.Equal(0, value));
                    memory.Read(StampedMemory.ValueAddress(view, 0, position, position), bytes);
                    Assert.All(bytes, value => Assert.Equal(0, value));
                }

                step.Leave(layer);
            }
        }

        cache.Compute(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void Trimming_between_any_two_steps_breaks_nothing()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 12 });
        Random random = new(5);
        for (int round = 0; round < 60; round++)
        {
            KvSequence sequence = cache.OpenComputed(Run(random.Next(6) * 100, 1 + random.Next(20)));
            cache.Allocator.Trim(random.Next(3) * cache.Usage.BlockBytes);
            cache.Append(sequence, Run(random.Next(1000), 9));
            cache.Compute(sequence);
            cache.Allocator.Trim(random.Next(3));
            cache.Verify(sequence);
            sequence.Dispose();
            cache.Allocator.Trim(random.Next(5000));
            cache.Allocator.CheckIntegrity();
        }
    }

    private bool CanTrim(CacheFixture cache)
    {
        if (GivesMemoryBack is { } known)
        {
            return known;
        }

        Assert.True(cache.Allocator.Device.TryAllocate(4096, out KvArena? arena));
        using (arena)
        {
            return arena.CanDecommit && Environment.SystemPageSize == 4096;
        }
    }
}
