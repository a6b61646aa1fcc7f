using KvCache;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Virtual;

namespace Generate.Engine;

/// <summary>The managers to choose from, by name.</summary>
internal static class KvAllocators
{
    private static readonly Dictionary<string, Func<KvGeometry, int, long, IKvDevice, IKvAllocator>> Factories = new()
    {
        ["paged"] = static (geometry, blockTokens, bytes, device) => new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = geometry,
            BlockTokens = blockTokens,
            MemoryBytes = bytes,
            Device = device,
        }),
        ["virtual"] = static (geometry, blockTokens, bytes, device) => new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = device == HostDevice.Instance
                ? geometry
                : throw new GenerateException($"The virtual cache lies in host memory; on {device.Name} take another --allocator."),
            BlockTokens = blockTokens,
            MemoryBytes = bytes,
        }),
    };

    public static IReadOnlyList<string> Names { get; } = [.. Factories.Keys];

    /// <exception cref="GenerateException">There is no such manager, or the memory holds no block.</exception>
    public static IKvAllocator Create(string name, KvGeometry geometry, int blockTokens, long bytes, IKvDevice device)
    {
        if (!Factories.TryGetValue(name, out Func<KvGeometry, int, long, IKvDevice, IKvAllocator>? factory))
        {
            throw new GenerateException($"There is no allocator '{name}'; expected {string.Join(" or ", Names)}.");
        }

        long blockBytes = checked(geometry.BytesPerToken * blockTokens);
        if (bytes < blockBytes)
        {
            throw new GenerateException(
                $"The cache's {bytes} bytes hold no block of {blockTokens} tokens; expected at least {blockBytes} bytes.");
        }

        try
        {
            return factory(geometry, blockTokens, bytes, device);
        }
        catch (Exception exception) when (exception is ArgumentException or PlatformNotSupportedException)
        {
            throw new GenerateException($"There can be no {name} cache of {bytes} bytes: {exception.Message}");
        }
    }
}
