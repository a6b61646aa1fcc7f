using KvCache.Blocks;
using KvCache.Paged;
using KvCache.Specs;
using KvCache.Specs.Attention;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>Paged memory of a GPU device.</summary>
internal sealed class GpuSite(GpuDevice device) : AttentionSite
{
    public override IKvAllocator CreateAllocator(ContractSetup setup) => new PagedKvAllocator(new PagedKvAllocatorOptions
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
    });
}
