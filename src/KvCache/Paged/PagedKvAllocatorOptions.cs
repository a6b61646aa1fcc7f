using System.Diagnostics.Metrics;
using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Prefixes;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <summary>How a <see cref="PagedKvAllocator"/> is made.</summary>
public sealed record PagedKvAllocatorOptions
{
    /// <summary>The most blocks that the ledger's arrays can number.</summary>
    internal const int MaximumBlockCount = 1 << 30;

    /// <summary>Gets the shape of the model's cache.</summary>
    public required KvGeometry Geometry { get; init; }

    /// <summary>Gets the device that holds the keys and values.</summary>
    /// <value>Default: <see cref="HostDevice"/>.</value>
    public IKvDevice Device { get; init; } = HostDevice.Instance;

    /// <summary>Gets the number of token positions in a block; at least 1.</summary>
    /// <value>Default: 16.</value>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Gets the number of blocks; 1 … 2³⁰. Give this or <see cref="MemoryBytes"/>.</summary>
    /// <value>Default: 0, as many as fit <see cref="MemoryBytes"/>.</value>
    public int BlockCount { get; init; }

    /// <summary>Gets the bytes for keys and values, rounded down to whole blocks, at most 2³⁰. Give this or <see cref="BlockCount"/>.</summary>
    /// <value>Default: 0, as many as <see cref="BlockCount"/> blocks need.</value>
    public long MemoryBytes { get; init; }

    /// <summary>Gets the most tokens that one sequence may have; at least 1.</summary>
    /// <value>Default: <see cref="int.MaxValue"/>, so that only the memory limits a sequence.</value>
    public int MaxSequenceTokens { get; init; } = int.MaxValue;

    /// <summary>Gets whether full blocks can be found again by later prompts.</summary>
    /// <value>Default: true.</value>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>
    /// Gets whether a block whose content is published already is given up for the published one when its step completes.
    /// The sequence's page table changes then, which engines that export it once and only append to it do not expect.
    /// </summary>
    /// <value>Default: true.</value>
    public bool Deduplicate { get; init; } = true;

    /// <summary>Gets the hash that finds cached blocks.</summary>
    /// <value>Default: null, a <see cref="KeyedPrefixHash"/> with a random key.</value>
    public PrefixHash? PrefixHash { get; init; }

    /// <summary>Gets what makes the order in which idle blocks are taken; called once per allocator.</summary>
    /// <value>Default: <see cref="LeastRecentlyUsed"/>.</value>
    public Func<EvictionPolicy> Eviction { get; init; } = static () => new LeastRecentlyUsed();

    /// <summary>Gets how suspended sequences are kept on the host.</summary>
    /// <value>Default: null, none can be suspended.</value>
    public HostTierOptions? HostTier { get; init; }

    /// <summary>Gets how many cache events can wait to be read.</summary>
    /// <value>Default: 0, no events.</value>
    public int EventCapacity { get; init; }

    /// <summary>Gets the allocator's name in metrics, where several allocators of a process must be told apart.</summary>
    /// <value>Default: "paged".</value>
    public string Name { get; init; } = "paged";

    /// <summary>Gets what makes the meter.</summary>
    /// <value>Default: null, a meter of the allocator's own under <see cref="Diagnostics.KvCacheTelemetry.MeterName"/>.</value>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Checks the options and answers how many blocks they ask for.</summary>
    internal int Validate()
    {
        ArgumentNullException.ThrowIfNull(Geometry);
        ArgumentNullException.ThrowIfNull(Device);
        ArgumentNullException.ThrowIfNull(Eviction);
        ArgumentException.ThrowIfNullOrEmpty(Name);
        Throw.IfLessThan(BlockTokens, 1, nameof(BlockTokens), nameof(BlockTokens));
        Throw.IfLessThan(BlockCount, 0, nameof(BlockCount), nameof(BlockCount));
        Throw.IfLessThan(MemoryBytes, 0, nameof(MemoryBytes), nameof(MemoryBytes));
        Throw.IfLessThan(MaxSequenceTokens, 1, nameof(MaxSequenceTokens), nameof(MaxSequenceTokens));
        Throw.IfLessThan(EventCapacity, 0, nameof(EventCapacity), nameof(EventCapacity));
        if (BlockCount > 0 == MemoryBytes > 0)
        {
            throw new ArgumentException(
                $"BlockCount is {BlockCount} and MemoryBytes is {MemoryBytes}; exactly one of them must be given.",
                nameof(BlockCount));
        }

        if (BlockCount > MaximumBlockCount)
        {
            throw new ArgumentOutOfRangeException(
                nameof(BlockCount), BlockCount, $"BlockCount is {BlockCount}; expected at most {MaximumBlockCount}.");
        }

        if (BlockCount > 0)
        {
            return BlockCount;
        }

        long blockBytes = checked(Geometry.BytesPerToken * BlockTokens);
        Throw.IfLessThan(MemoryBytes, blockBytes, nameof(MemoryBytes), nameof(MemoryBytes));
        return (int)Math.Min(MaximumBlockCount, MemoryBytes / blockBytes);
    }
}
