using KvCache;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Virtual;

namespace Replay.Serving;

/// <summary>The managers by the names under which the command line knows them, each over memory that is not there.</summary>
internal static class Managers
{
    private const long ChunkBytes = 2 << 20;

    private static readonly Dictionary<string, Func<Server, IKvAllocator>> Makers = new()
    {
        ["paged"] = static server => new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = server.Geometry,
            Device = new DryDevice(),
            BlockTokens = server.BlockTokens,
            BlockCount = server.Blocks,
            PrefixCaching = server.PrefixCaching,
            Deduplicate = server.Deduplicate,
        }),
        ["virtual"] = static server => new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = server.Geometry,
            Memory = new DryVirtualMemory(ChunkBytes, Chunks(server)),
            BlockTokens = server.BlockTokens,
            PrefixCaching = server.PrefixCaching,
        }),
    };

    /// <summary>As many chunks as the blocks' bytes fill.</summary>
    private static int Chunks(Server server) => checked((int)Math.Max(1, server.Geometry.BytesPerToken * server.BlockTokens * server.Blocks / ChunkBytes));

    public static IReadOnlyCollection<string> Names => Makers.Keys;

    /// <exception cref="ReplayException">So many blocks have no addresses.</exception>
    public static IKvAllocator Create(string name, Server server)
    {
        try
        {
            return Makers[name](server);
        }
        catch (Exception exception) when (exception is OverflowException or InsufficientMemoryException or ArgumentException)
        {
            throw new ReplayException(
                $"Expected a pool that can be addressed, found {server.Blocks} blocks of {server.BlockTokens} tokens for {server.Model.Name}.");
        }
    }
}
