using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;
using KvCache.Virtual;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>Makes virtual allocators over a CUDA device, with geometries whose blocks fill whole chunks of 64 KiB.</summary>
internal static class VirtualAllocators
{
    /// <summary>A token's keys fill a chunk, and so do its values.</summary>
    public static KvGeometry GroupPerBlock { get; } = new(new KvLayerGroup(2, 128, 256, 256, KvElementType.Float16));

    /// <summary>Every operation makes hundreds of calls of a driver that is simulated with its memory: minutes on two cores.</summary>
    public static void SkipUnlessAsked() => Xunit.Assert.SkipUnless(
        Environment.GetEnvironmentVariable("KVCACHE_SLOW_TESTS") == "1", "Takes minutes on the simulated driver; KVCACHE_SLOW_TESTS=1 runs it.");

    public static IKvAllocator Create(ContractSetup setup, CudaDevice device, IHostLink link, List<IDisposable> memories)
    {
        ChunkPlan plan = new(GroupPerBlock, Simulated.Granularity, setup.BlockTokens);
        CudaVirtualMemory cuda = new(device, new CudaVirtualMemoryOptions
        {
            ChunkBytes = Simulated.Granularity,
            ChunkCapacity = setup.BlockCount * setup.BlockTokens / plan.GroupTokens * plan.ChunksPerGroup,
        });
        memories.Add(cuda);
        return new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = GroupPerBlock,
            Memory = setup.Device is LateFenceDevice late ? new LateVirtualMemory(cuda, late) : cuda,
            BlockTokens = setup.BlockTokens,
            MaxSequences = setup.BlockCount + 16,
            MaxSequenceTokens = setup.MaxSequenceTokens,
            LookaheadTokens = 0,
            PrefixCaching = setup.PrefixCaching,
            PrefixHash = setup.PrefixHash,
            Eviction = setup.Eviction ?? (static () => new LeastRecentlyUsed()),
            EventCapacity = setup.EventCapacity,
            HostTier = setup.HostTier(GroupPerBlock, link),
        });
    }
}
