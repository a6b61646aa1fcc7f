using KvCache;
using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Virtual;

namespace Replay.Manager;

/// <summary>The managers by the names under which the command line knows them, each over memory that is not there.</summary>
internal static class Managers
{
    public const string Paged = "paged";
    public const string Virtual = "virtual";
    public const string Layerwise = "layerwise";

    private static readonly Dictionary<string, Func<CacheOptions, IKvAllocator>> Makers = new()
    {
        [Paged] = static cache => new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = cache.Geometry,
            Device = new DryDevice(),
            BlockTokens = cache.BlockTokens,
            BlockCount = cache.Blocks,
            MaxSequenceTokens = cache.MaxSequenceTokens,
            PrefixCaching = cache.PrefixCaching,
            Deduplicate = cache.Deduplicate,
            Eviction = cache.Eviction,
            MeterFactory = cache.Meters,
        }),
        [Virtual] = static cache => new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = cache.Geometry,
            Memory = new DryVirtualMemory(cache.ChunkBytes, Chunks(cache)),
            BlockTokens = cache.BlockTokens,
            MaxSequences = cache.MaxSequences,
            MaxSequenceTokens = cache.MaxSequenceTokens,
            PrefixCaching = cache.PrefixCaching,
            Eviction = cache.Eviction,
            LookaheadTokens = 0, // Memory without bytes makes nobody wait.
            MeterFactory = cache.Meters,
        }),
        [Layerwise] = static cache => new LayerwiseKvAllocator(new LayerwiseKvAllocatorOptions
        {
            Geometry = cache.Geometry,
            Device = new DryDevice(),
            HostMemory = new DryDevice(),
            DeviceBytes = checked(cache.Geometry.BytesPerToken * cache.BlockTokens * cache.Blocks),
            BlockTokens = cache.BlockTokens,
            BlockCount = cache.Blocks,
            MaxSequenceTokens = cache.MaxSequenceTokens,
            PrefixCaching = cache.PrefixCaching,
            Deduplicate = cache.Deduplicate,
            Eviction = cache.Eviction,
            MeterFactory = cache.Meters,
        }),
    };

    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <summary>Whether a manager keeps equal blocks once: virtual tensors would have to map other memory under running work.</summary>
    public static bool CanDeduplicate(string name) => name != Virtual;

    /// <exception cref="ReplayException">So many blocks have no addresses, or are less than the manager takes at a time.</exception>
    public static IKvAllocator Create(string name, CacheOptions cache)
    {
        try
        {
            return Makers[name](cache);
        }
        catch (Exception exception) when (exception is OverflowException or InsufficientMemoryException or ArgumentException)
        {
            throw new ReplayException(
                $"Expected a pool that can be addressed, found {cache.Blocks} blocks of {cache.BlockTokens} tokens ({cache.Geometry}).");
        }
    }

    /// <summary>As many chunks as the blocks' bytes fill, in whole groups.</summary>
    private static int Chunks(CacheOptions cache)
    {
        ChunkPlan plan = new(cache.Geometry, cache.ChunkBytes, cache.BlockTokens);
        long groups = checked((long)cache.Blocks * cache.BlockTokens) / plan.GroupTokens;
        return groups > 0
            ? checked((int)(groups * plan.ChunksPerGroup))
            : throw new ReplayException(
                $"Expected memory for a group of {plan.GroupTokens} tokens at least ({plan.GroupBytes} bytes in chunks of {plan.ChunkBytes}), found {cache.Blocks} blocks of {cache.BlockTokens} tokens.");
    }
}
