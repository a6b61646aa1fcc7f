using KvCache.Cuda;
using KvCache.Paged;
using KvCache.Virtual;
using Replay.Manager;

namespace Replay.Footprints;

/// <summary>The managers whose memory is compared, each on a device: two that take all of it, or all that could be wanted, and one that takes what it needs.</summary>
internal static class FootprintManagers
{
    public const string Static = "static";

    private static readonly Dictionary<string, Func<FootprintOptions, int, CudaDevice, CacheOnDevice>> Makers = new()
    {
        [Managers.Paged] = CreatePaged,
        [Managers.Virtual] = CreateVirtual,
        [Static] = CreateStatic,
    };

    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <exception cref="InsufficientMemoryException">The device has not the memory that the manager begins with.</exception>
    public static CacheOnDevice Create(string name, FootprintOptions options, int batch, CudaDevice device) => Makers[name](options, batch, device);

    /// <summary>A pool of all memory that the server may use, taken at the start.</summary>
    private static CacheOnDevice CreatePaged(FootprintOptions options, int batch, CudaDevice device)
    {
        long pool = (long)(options.DeviceBytes * options.Utilization) - options.OccupiedBytes;
        long blocks = pool / (options.Geometry.BytesPerToken * options.BlockTokens);
        return blocks > 0
            ? new CacheOnDevice(Paged(options, device, options.BlockTokens, checked((int)blocks)))
            : throw new InsufficientMemoryException();
    }

    /// <summary>The longest sequence's memory for each of the batch, taken at the start: a page is as long as a sequence can be.</summary>
    private static CacheOnDevice CreateStatic(FootprintOptions options, int batch, CudaDevice device) =>
        new(Paged(options, device, options.Longest, batch));

    /// <summary>Memory as sequences need it.</summary>
    private static CacheOnDevice CreateVirtual(FootprintOptions options, int batch, CudaDevice device)
    {
        CudaVirtualMemory memory = new(device, new CudaVirtualMemoryOptions { ChunkBytes = options.ChunkBytes });
        try
        {
            return new CacheOnDevice(
                new VirtualKvAllocator(new VirtualKvAllocatorOptions
                {
                    Geometry = options.Geometry,
                    Memory = memory,
                    BlockTokens = options.BlockTokens,
                    MaxSequences = batch,
                    MaxSequenceTokens = options.Longest,
                    LookaheadTokens = options.Lookahead,
                    PrefixCaching = false,
                }),
                memory);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private static PagedKvAllocator Paged(FootprintOptions options, CudaDevice device, int blockTokens, int blocks) => new(new PagedKvAllocatorOptions
    {
        Geometry = options.Geometry,
        Device = device,
        BlockTokens = blockTokens,
        BlockCount = blocks,
        PrefixCaching = false,
    });
}
