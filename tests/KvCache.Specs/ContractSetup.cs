using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Prefixes;
using KvCache.Specs.Devices;
using KvCache.Tiers;

namespace KvCache.Specs;

/// <summary>What a test asks of the allocator that it is given.</summary>
public sealed record ContractSetup
{
    /// <summary>Small, and with nothing equal: layers, heads, key and value dimensions all differ.</summary>
    public static KvGeometry SmallGeometry { get; } = new(new KvLayerGroup(2, 3, 4, 6, KvElementType.Float16));

    public KvGeometry Geometry { get; init; } = SmallGeometry;

    public int BlockTokens { get; init; } = 4;

    public int BlockCount { get; init; } = 16;

    /// <summary>The device, or null for the one under test.</summary>
    public IKvDevice? Device { get; init; }

    public bool PrefixCaching { get; init; } = true;

    /// <summary>Whether equal content is kept once, or null for what is under test.</summary>
    public bool? Deduplicate { get; init; }

    public PrefixHash? PrefixHash { get; init; }

    /// <summary>The order in which cached blocks are given up, or null for the default.</summary>
    public Func<EvictionPolicy>? Eviction { get; init; }

    public int MaxSequenceTokens { get; init; } = int.MaxValue;

    public int EventCapacity { get; init; }

    /// <summary>Gets whether an allocator that calls a system does so ahead of need, on another thread; null for what is under test.</summary>
    public bool? MapsAhead { get; init; }

    /// <summary>How many tokens ahead, where a manager under test maps so many by itself.</summary>
    public int LookaheadTokens(int byDefault) => MapsAhead switch
    {
        true => 64,
        false => 0,
        null => byDefault,
    };

    /// <summary>Gets the blocks of the host tier; 0 for none.</summary>
    public int HostBlocks { get; init; }

    /// <summary>The host tier asked for, over an allocator's geometry, or null.</summary>
    public HostTierOptions? HostTier(KvGeometry geometry, IHostLink? link = null) => HostBlocks == 0 ? null : new HostTierOptions
    {
        MemoryBytes = geometry.BytesPerToken * BlockTokens * HostBlocks,
        Memory = Device as LateFenceDevice ?? (IKvDevice)HostDevice.Instance,
        Link = Device as LateFenceDevice ?? link,
    };
}
