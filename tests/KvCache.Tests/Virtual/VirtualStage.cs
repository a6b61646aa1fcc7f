using KvCache.Memory;
using KvCache.Memory.Mapping;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.VirtualMemory;
using KvCache.Tests.VirtualMemory;
using KvCache.Virtual;

namespace KvCache.Tests.Virtual;

/// <summary>A virtual allocator over counted host memory: two layers, groups of eight tokens in two blocks.</summary>
internal sealed class VirtualStage : IDisposable
{
    private readonly HostVirtualMemory _host;

    public VirtualStage(int groups = 64, Func<VirtualKvAllocatorOptions, VirtualKvAllocatorOptions>? change = null, int refusedCall = 0)
    {
        HostMemory.SkipUnlessSupported();
        Plan = new ChunkPlan(VirtualAllocators.ManyBlocksPerGroup, VirtualAllocators.ChunkBytes, 4);
        _host = new HostVirtualMemory(
            new HostVirtualMemoryOptions { ChunkCapacity = groups * Plan.ChunksPerGroup, ChunkBytes = VirtualAllocators.ChunkBytes },
            (options, capacity, bytes) => System = new RefusingMapper(HostPlatform.Open(options, capacity, bytes), refusedCall),
            HostPlatform.Limit);
        Memory = new CountedVirtualMemory(_host);
        VirtualKvAllocatorOptions options = new()
        {
            Geometry = VirtualAllocators.ManyBlocksPerGroup,
            Memory = Memory,
            BlockTokens = 4,
            MaxSequences = 32,
            LookaheadTokens = 0,
        };
        try
        {
            Allocator = new VirtualKvAllocator(change is null ? options : change(options));
        }
        catch
        {
            _host.Dispose();
            throw;
        }

        Cache = new CacheFixture(Allocator, DeviceMemory.Of(Allocator.Device));
    }

    public ChunkPlan Plan { get; }

    /// <summary>Gives the memory back under an allocator whose books were spoiled, and which is therefore not to be closed.</summary>
    public void GiveMemoryBack() => _host.Dispose();

    public CountedVirtualMemory Memory { get; }

    /// <summary>Gets the system below the memory.</summary>
    public RefusingMapper System { get; private set; } = null!;

    public VirtualKvAllocator Allocator { get; }

    public CacheFixture Cache { get; }

    public static int[] Run(int start, int count) => [.. Enumerable.Range(start, count)];

    /// <summary>Closes the allocator, which gives everything back, and then the memory.</summary>
    public void Dispose()
    {
        Cache.Dispose();
        Xunit.Assert.Equal(0, Memory.CreatedChunks);
        _host.Dispose();
    }
}
