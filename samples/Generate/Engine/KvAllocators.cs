using KvCache;
using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Virtual;

namespace Generate.Engine;

/// <summary>The managers to choose from, by name.</summary>
internal static class KvAllocators
{
    private static readonly Dictionary<string, Func<KvGeometry, int, long, long?, IKvDevice, IKvAllocator>> Factories = new()
    {
        ["paged"] = static (geometry, blockTokens, bytes, _, device) => new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = geometry,
            BlockTokens = blockTokens,
            MemoryBytes = bytes,
            Device = device,
        }),
        ["virtual"] = static (geometry, blockTokens, bytes, _, device) => new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = device == HostDevice.Instance
                ? geometry
                : throw new GenerateException($"The virtual cache lies in host memory; on {device.Name} take another --allocator."),
            BlockTokens = blockTokens,
            MemoryBytes = bytes,
        }),
        ["layerwise"] = static (geometry, blockTokens, bytes, hostBytes, device) => new LayerwiseKvAllocator(new LayerwiseKvAllocatorOptions
        {
            Geometry = geometry,
            BlockTokens = blockTokens,
            DeviceBytes = bytes,

            // More than this, two layers at a time do not fit the device.
            HostBytes = hostBytes ?? bytes * geometry.LayerCount / 2,
            Device = device,
            Link = device as IHostLink,
        }),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    /// <summary>Makes a manager.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="geometry">The shape of the model's cache.</param>
    /// <param name="blockTokens">Tokens in a block.</param>
    /// <param name="bytes">Memory on the device.</param>
    /// <param name="device">The device.</param>
    /// <param name="hostBytes">Memory on the host, for managers that use it; null for as much as can be of use.</param>
    /// <exception cref="GenerateException">There is no such manager, or the memory holds no block.</exception>
    public static IKvAllocator Create(string name, KvGeometry geometry, int blockTokens, long bytes, IKvDevice device, long? hostBytes = null)
    {
        if (!Factories.TryGetValue(name, out Func<KvGeometry, int, long, long?, IKvDevice, IKvAllocator>? factory))
        {
            throw new GenerateException($"There is no allocator '{name}'; expected {string.Join(" or ", Names)}.");
        }

        long blockBytes = checked(geometry.BytesPerToken * blockTokens);
        if (bytes < blockBytes && name != "layerwise")
        {
            throw new GenerateException(
                $"The cache's {bytes} bytes hold no block of {blockTokens} tokens; expected at least {blockBytes} bytes.");
        }

        try
        {
            return factory(geometry, blockTokens, bytes, hostBytes, device);
        }
        catch (Exception exception) when (exception is ArgumentException or PlatformNotSupportedException)
        {
            throw new GenerateException($"There can be no {name} cache of {bytes} bytes: {exception.Message}");
        }
    }
}
