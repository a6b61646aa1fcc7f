using KvCache.Blocks;
using KvCache.Layerwise;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Devices;

namespace KvCache.Tests.Layerwise;

/// <summary>Makes layer-wise allocators as the suites ask for them: always of five layers, with room on the device for as many as a suite says.</summary>
internal static class LayerwiseAllocators
{
    public const int Layers = 5;

    /// <summary>All layers on the device: nothing moves.</summary>
    public static LayerwiseKvAllocator Whole(ContractSetup setup) => new(OptionsOf(setup, layers: Layers, staging: 2));

    /// <summary>Room for two of five layers.</summary>
    public static LayerwiseKvAllocator TwoOfFive(ContractSetup setup, IHostLink? link = null) =>
        new(OptionsOf(setup, layers: 2, staging: 2) with { Link = link ?? LinkOf(setup) });

    /// <summary>Room for all layers of all but one block: everything is resident until the last one is taken.</summary>
    public static LayerwiseKvAllocator AlmostWhole(ContractSetup setup, IHostLink? link = null) =>
        new(OptionsOf(setup, layers: Layers, staging: 1, more: -1) with { Link = link ?? LinkOf(setup) });

    /// <summary>One block above the least that works: one layer of all blocks, and one block of another.</summary>
    public static LayerwiseKvAllocator OneBlockToSpare(ContractSetup setup, IHostLink? link = null) =>
        new(OptionsOf(setup, layers: 1, staging: 1, more: 1) with { Link = link ?? LinkOf(setup) });

    /// <summary>The geometry asked for, with five layers.</summary>
    public static KvGeometry GeometryOf(ContractSetup setup) => new(setup.Geometry.Groups[0] with { Layers = Layers });

    public static LayerwiseKvAllocatorOptions OptionsOf(ContractSetup setup, int layers, int staging, int more = 0)
    {
        KvGeometry geometry = GeometryOf(setup);
        long page = geometry.BytesPerToken / Layers * setup.BlockTokens;
        return new LayerwiseKvAllocatorOptions
        {
            Geometry = geometry,
            Device = setup.Device ?? HostDevice.Instance,
            DeviceBytes = Math.Max(1, ((long)layers * setup.BlockCount) + more) * page,
            HostBytes = layers == Layers && more >= 0 ? 0 : (long)Layers * setup.BlockCount * page,
            HostMemory = setup.Device is LateFenceDevice ? setup.Device : HostDevice.Instance,
            StagingBuffers = staging,
            BlockTokens = setup.BlockTokens,
            BlockCount = setup.BlockCount,
            MaxSequenceTokens = setup.MaxSequenceTokens,
            PrefixCaching = setup.PrefixCaching,
            Deduplicate = setup.Deduplicate ?? true,
            PrefixHash = setup.PrefixHash,
            Eviction = setup.Eviction ?? (static () => new LeastRecentlyUsed()),
            EventCapacity = setup.EventCapacity,
            HostTier = setup.HostTier(geometry, new WaywardLink(seed: 1, passes: 1)),
        };
    }

    /// <summary>Beside a device whose copies a test counts, a link that makes them at once; otherwise the default.</summary>
    private static WaywardLink? LinkOf(ContractSetup setup) => setup.Device is LateFenceDevice ? new WaywardLink(seed: 1, passes: 1) : null;
}
