using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Specs;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>Makes paged allocators as the suites ask for them.</summary>
internal static class PagedAllocators
{
    public static IKvAllocator Create(ContractSetup setup, IKvDevice device, IHostLink link) => new PagedKvAllocator(new PagedKvAllocatorOptions
    {
        Geometry = setup.Geometry,
        Device = setup.Device ?? device,
        BlockTokens = setup.BlockTokens,
        BlockCount = setup.BlockCount,
        MaxSequenceTokens = setup.MaxSequenceTokens,
        PrefixCaching = setup.PrefixCaching,
        Deduplicate = setup.Deduplicate ?? true,
        PrefixHash = setup.PrefixHash,
        Eviction = setup.Eviction ?? (static () => new LeastRecentlyUsed()),
        EventCapacity = setup.EventCapacity,
        HostTier = setup.HostTier(setup.Geometry, link),
    });
}
