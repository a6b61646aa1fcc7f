using KvCache;
using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;

namespace Replay.Manager;

/// <summary>Makes the allocator that is replayed through: the real manager over addresses without memory.</summary>
internal static class DryAllocator
{
    /// <summary>The smallest geometry: what is found in the cache does not depend on it.</summary>
    private static readonly KvGeometry Geometry = KvGeometry.Create(layers: 1, kvHeads: 1, headDim: 8);

    /// <exception cref="ReplayException">So many blocks have no addresses.</exception>
    public static PagedKvAllocator Create(
        int blockTokens, int capacity, bool deduplicate, Func<EvictionPolicy> eviction, AllocatorMetrics metrics)
    {
        try
        {
            return new PagedKvAllocator(new PagedKvAllocatorOptions
            {
                Geometry = Geometry,
                Device = new DryDevice(),
                BlockTokens = blockTokens,
                BlockCount = capacity,
                Deduplicate = deduplicate,
                Eviction = eviction,
                MeterFactory = metrics,
            });
        }
        catch (Exception exception) when (exception is OverflowException or InsufficientMemoryException or ArgumentOutOfRangeException)
        {
            throw new ReplayException(
                $"Expected a pool that can be addressed, found {capacity} blocks of {blockTokens} tokens.");
        }
    }
}
