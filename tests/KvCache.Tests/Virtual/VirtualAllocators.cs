using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;
using KvCache.Tests.VirtualMemory;
using KvCache.Virtual;

namespace KvCache.Tests.Virtual;

/// <summary>Makes virtual allocators as the suites ask for them, on chunks of one system page.</summary>
internal static class VirtualAllocators
{
    public const long ChunkBytes = 4096;

    /// <summary>Keys and values of any token fill whole chunks, so that a group is a block whatever the block is.</summary>
    public static KvGeometry GroupPerBlock { get; } = new(new KvLayerGroup(2, 16, 128, 256, KvElementType.Float16));

    /// <summary>Eight tokens' keys fill a chunk and four tokens' values: a group is several blocks, or a block several chunks.</summary>
    public static KvGeometry ManyBlocksPerGroup { get; } = new(new KvLayerGroup(2, 2, 128, 256, KvElementType.Float16));

    public static VirtualKvAllocator Create(
        ContractSetup setup, KvGeometry geometry, int lookaheadTokens = 0, TokenLayout layout = TokenLayout.Separate)
    {
        HostMemory.SkipUnlessSupported();
        ChunkPlan plan = new(geometry, ChunkBytes, setup.BlockTokens, layout);
        int groups = (int)Math.Max(1, ((long)setup.BlockCount * setup.BlockTokens) / plan.GroupTokens);
        IVirtualMemory memory = new HostVirtualMemory(new HostVirtualMemoryOptions { ChunkCapacity = groups * plan.ChunksPerGroup, ChunkBytes = ChunkBytes });
        if (setup.Device is LateFenceDevice late)
        {
            memory = new LateVirtualMemory(memory, late);
        }

        return new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = memory,
            BlockTokens = setup.BlockTokens,
            Layout = layout,
            MaxSequences = setup.BlockCount + 64,
            MaxSequenceTokens = setup.MaxSequenceTokens,
            LookaheadTokens = setup.LookaheadTokens(lookaheadTokens),
            PrefixCaching = setup.PrefixCaching,
            PrefixHash = setup.PrefixHash,
            Eviction = setup.Eviction ?? (static () => new LeastRecentlyUsed()),
            EventCapacity = setup.EventCapacity,
        });
    }

    /// <summary>The geometry asked for, where its blocks fill whole chunks; otherwise one that does.</summary>
    public static KvGeometry Fitting(ContractSetup setup, TokenLayout layout = TokenLayout.Separate) =>
        new ChunkPlan(setup.Geometry, ChunkBytes, setup.BlockTokens, layout).GroupTokens == setup.BlockTokens ? setup.Geometry : GroupPerBlock;
}
