using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Serving.Tests;

/// <summary>Managers of memory that is not there.</summary>
internal static class DryAllocators
{
    public static PagedKvAllocator Paged(int blocks, int blockTokens = 16, bool prefixCaching = false, bool deduplicate = true) =>
        new(new PagedKvAllocatorOptions
        {
            Geometry = KvGeometry.Create(layers: 2, kvHeads: 1, headDim: 8),
            Device = new DryDevice(),
            BlockTokens = blockTokens,
            BlockCount = blocks,
            PrefixCaching = prefixCaching,
            Deduplicate = deduplicate,
        });
}
