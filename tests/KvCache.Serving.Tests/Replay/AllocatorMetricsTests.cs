using Replay.Manager;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The tool's counters belong to one allocator.</summary>
public sealed class AllocatorMetricsTests
{
    [Fact]
    public void Another_allocator_in_the_process_is_not_counted()
    {
        using AllocatorMetrics mine = new();
        using AllocatorMetrics others = new();
        using IKvAllocator watched = Create(mine);
        using IKvAllocator other = Create(others);

        CopyOnWrite(other);
        CopyOnWrite(other);
        CopyOnWrite(watched);

        Assert.Equal(1, mine.CopyOnWriteCopies);
        Assert.Equal(2, others.CopyOnWriteCopies);
    }

    private static IKvAllocator Create(AllocatorMetrics metrics) => Managers.Create(Managers.Paged, new CacheOptions
    {
        Geometry = KvGeometry.Create(layers: 1, kvHeads: 1, headDim: 8),
        BlockTokens = 4,
        Blocks = 8,
        Meters = metrics,
    });

    private static void CopyOnWrite(IKvAllocator allocator)
    {
        Assert.True(allocator.TryOpen([1, 2], null, 0, out KvSequence? parent, out _));
        using (KvStep step = allocator.BeginStep([new KvRow(parent, 2)]))
        {
            step.Complete();
        }

        Assert.True(parent.TryFork(2, out KvSequence? child, out _));
        Assert.True(child.TryAppend([3], out _));
        child.Dispose();
        parent.Dispose();
    }
}
