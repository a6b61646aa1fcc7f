using System.Diagnostics.Metrics;
using KvCache;
using KvCache.Blocks;

namespace Replay.Manager;

/// <summary>A cache as the command line describes it, whichever manager keeps it.</summary>
internal sealed record CacheOptions
{
    /// <summary>The size of CUDA's chunks.</summary>
    public const long DefaultChunkBytes = 2L << 20;

    /// <summary>Gets the shape of the cache on one device.</summary>
    public required KvGeometry Geometry { get; init; }

    /// <summary>Gets the tokens of a block.</summary>
    public required int BlockTokens { get; init; }

    /// <summary>Gets how many blocks' memory there is.</summary>
    public required int Blocks { get; init; }

    /// <summary>Gets the bytes of a chunk, for managers that map memory.</summary>
    public long ChunkBytes { get; init; } = DefaultChunkBytes;

    /// <summary>Gets the most sequences that are open at a time, for managers that reserve addresses for each.</summary>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Gets the most tokens of a sequence.</summary>
    public int MaxSequenceTokens { get; init; } = int.MaxValue;

    /// <summary>Gets whether prefixes are reused.</summary>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Gets whether equal blocks are kept once, where the manager can.</summary>
    public bool Deduplicate { get; init; } = true;

    /// <summary>Gets the order in which cached content is given up.</summary>
    public Func<EvictionPolicy> Eviction { get; init; } = static () => new LeastRecentlyUsed();

    /// <summary>Gets who listens to the manager's counters, or null.</summary>
    public IMeterFactory? Meters { get; init; }
}
