using KvCache.Blocks;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;
using KvCache.Virtual;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>Makes virtual allocators over a CUDA device whose chunks are as small as they can be, so that suites take seconds.</summary>
internal static class VirtualAllocators
{
    private const int KeyDim = 128;

    /// <summary>The smallest granularity that a simulated device with memory can have.</summary>
    public static long Granularity => Environment.SystemPageSize;

    /// <summary>Eight tokens' keys fill a chunk and four tokens' values: a group is several blocks, or a block several chunks.</summary>
    public static KvGeometry ManyBlocksPerGroup { get; } = WithKeysOf(Granularity / 8);

    /// <summary>A device whose work runs at once.</summary>
    public static Simulated Simulate() => Simulated.Eager(Granularity);

    /// <param name="setup">What the suite asks for.</param>
    /// <param name="geometry">The geometry.</param>
    /// <param name="device">The device.</param>
    /// <param name="memories">Where the memory made for it is entered, to be disposed after it.</param>
    /// <param name="lookaheadTokens">How far ahead is mapped where the suite does not say.</param>
    public static IKvAllocator Create(ContractSetup setup, KvGeometry geometry, CudaDevice device, List<IDisposable> memories, int lookaheadTokens = 0)
    {
        ChunkPlan plan = new(geometry, Granularity, setup.BlockTokens);
        int groups = (int)Math.Max(1, (long)setup.BlockCount * setup.BlockTokens / plan.GroupTokens);
        CudaVirtualMemory cuda = new(device, new CudaVirtualMemoryOptions { ChunkBytes = Granularity, ChunkCapacity = groups * plan.ChunksPerGroup });
        memories.Add(cuda);
        return new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = setup.Device is LateFenceDevice late ? new LateVirtualMemory(cuda, late) : cuda,
            BlockTokens = setup.BlockTokens,
            MaxSequences = setup.BlockCount + 16,
            MaxSequenceTokens = setup.MaxSequenceTokens,
            LookaheadTokens = setup.LookaheadTokens(lookaheadTokens),
            PrefixCaching = setup.PrefixCaching,
            PrefixHash = setup.PrefixHash,
            Eviction = setup.Eviction ?? (static () => new LeastRecentlyUsed()),
            EventCapacity = setup.EventCapacity,
        });
    }

    /// <summary>A geometry in which a group is one block: the one asked for, where its blocks fill whole chunks.</summary>
    public static KvGeometry GroupPerBlock(ContractSetup setup) =>
        new ChunkPlan(setup.Geometry, Granularity, setup.BlockTokens).GroupTokens == setup.BlockTokens
            ? setup.Geometry
            : WithKeysOf(Granularity / (setup.BlockTokens & -setup.BlockTokens));

    /// <summary>Two layers whose keys have so many bytes per token, and values twice as many.</summary>
    private static KvGeometry WithKeysOf(long bytes) =>
        new(new KvLayerGroup(2, (int)Math.Max(1, bytes / (2 * KeyDim)), KeyDim, 2 * KeyDim, KvElementType.Float16));
}
