using KvCache.Memory;
using KvCache.Paged;
using KvCache.Tiers;
using KvCache.Virtual;

namespace KvCache.Serving.Tests;

/// <summary>Managers of memory that is not there.</summary>
internal static class DryAllocators
{
    private static readonly KvGeometry Geometry = KvGeometry.Create(layers: 2, kvHeads: 1, headDim: 8);

    /// <summary>Virtual tensors of as much memory, in groups of so many blocks; a power of two.</summary>
    public static VirtualKvAllocator Virtual(int blocks, int groupBlocks, bool prefixCaching = false)
    {
        const int BlockTokens = 16;
        long chunkBytes = Geometry.GroupOf(0).KeyBytesPerToken * BlockTokens * groupBlocks;
        ChunkPlan plan = new(Geometry, chunkBytes, BlockTokens);
        return new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = Geometry,
            Memory = new DryVirtualMemory(chunkBytes, blocks / groupBlocks * plan.ChunksPerGroup),
            BlockTokens = BlockTokens,
            PrefixCaching = prefixCaching,
            LookaheadTokens = 0,
        });
    }

    public static PagedKvAllocator Paged(int blocks, int blockTokens = 16, bool prefixCaching = false, bool deduplicate = true, HostTierOptions? host = null) =>
        new(new PagedKvAllocatorOptions
        {
            Geometry = Geometry,
            Device = new DryDevice(),
            BlockTokens = blockTokens,
            BlockCount = blocks,
            PrefixCaching = prefixCaching,
            Deduplicate = deduplicate,
            HostTier = host,
        });
}
