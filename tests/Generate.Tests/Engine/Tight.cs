using KvCache;
using KvCache.Layerwise;
using KvCache.Memory;

namespace Generate.Tests.Engine;

/// <summary>Layer-wise caches with room on the device for some of the model's layers.</summary>
internal static class Tight
{
    private const int BlockTokens = 16;

    /// <param name="geometry">The model's.</param>
    /// <param name="blocks">Blocks, of 16 tokens.</param>
    /// <param name="layers">Layers of all blocks that fit the device.</param>
    /// <param name="staging">Layers that are there at the same time, at least.</param>
    /// <param name="more">Layer-blocks that fit besides.</param>
    /// <param name="link">The link; null for the default.</param>
    public static LayerwiseKvAllocator Create(KvGeometry geometry, int blocks, int layers, int staging, int more = 0, IHostLink? link = null)
    {
        long page = geometry.BytesPerToken / geometry.LayerCount * BlockTokens;
        return new LayerwiseKvAllocator(new LayerwiseKvAllocatorOptions
        {
            Geometry = geometry,
            BlockTokens = BlockTokens,
            BlockCount = blocks,
            DeviceBytes = (((long)layers * blocks) + more) * page,
            HostBytes = blocks * geometry.LayerCount * page,
            StagingBuffers = staging,
            Link = link,
        });
    }
}
