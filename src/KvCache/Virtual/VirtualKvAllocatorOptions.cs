using System.Diagnostics.Metrics;
using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Memory.Mapping;
using KvCache.Prefixes;

namespace KvCache.Virtual;

/// <summary>How a <see cref="VirtualKvAllocator"/> is made.</summary>
public sealed record VirtualKvAllocatorOptions
{
    /// <summary>Gets the shape of the model's cache.</summary>
    public required KvGeometry Geometry { get; init; }

    /// <summary>Gets the virtual memory to use: of a GPU, or a host's made elsewhere. No other may use it beside the allocator, which does not dispose it.</summary>
    /// <value>Default: null, a <see cref="HostVirtualMemory"/> of the allocator's own with <see cref="MemoryBytes"/>.</value>
    public IVirtualMemory? Memory { get; init; }

    /// <summary>Gets the most bytes for keys and values, rounded down to whole groups. None are taken before they are needed.</summary>
    /// <value>Default: 0, all chunks of <see cref="Memory"/>; without one it must be given.</value>
    public long MemoryBytes { get; init; }

    /// <summary>Gets the bytes of a chunk where the allocator makes its own memory; a power of two.</summary>
    /// <value>
    /// Default: 0, chosen by the size of the memory as <see cref="HostVirtualMemoryOptions.ChunkBytes"/> says, and smaller, down to the system's
    /// page, where the memory would hold fewer groups than <see cref="MaxSequences"/>.
    /// </value>
    public long ChunkBytes { get; init; }

    /// <summary>Gets the number of token positions in a block, in which prefixes are found; at least 1.</summary>
    /// <value>Default: 16.</value>
    public int BlockTokens { get; init; } = 16;

    /// <summary>Gets how the keys and values of a layer lie.</summary>
    /// <value>Default: <see cref="TokenLayout.Separate"/>.</value>
    public TokenLayout Layout { get; init; }

    /// <summary>Gets the most sequences that can be open at one time; at least 1.</summary>
    /// <remarks>
    /// Twice as many ranges of addresses are reserved, because a sequence that copies on write moves to another one. On Linux, a process's mappings bound
    /// how many can really be open: with 32 layers and the usual <c>vm.max_map_count</c> about 255, or twice as many with <see cref="TokenLayout.Interleaved"/>.
    /// </remarks>
    /// <value>Default: 256.</value>
    public int MaxSequences { get; init; } = 256;

    /// <summary>Gets the most tokens that one sequence may have; at least 1. Addresses are reserved for so many.</summary>
    /// <value>Default: <see cref="int.MaxValue"/>, as many as the memory holds.</value>
    public int MaxSequenceTokens { get; init; } = int.MaxValue;

    /// <summary>
    /// Gets how many tokens before the end of its memory a sequence's next group is mapped, by a thread of the allocator's own, so that
    /// no decode step waits for the system. 0 for never.
    /// </summary>
    /// <remarks>
    /// One group is mapped ahead per sequence. It stays available to whoever finds nothing else, so that it makes no request fail. The thread must
    /// have mapped a group for every sequence of a batch within so many steps: with 2.5 ms for a group of 32 layers on a GPU and steps of 10 ms,
    /// 64 suffice for 256 sequences that reach the end of their groups together. Source of the trigger: GLakeServe, which takes 100.
    /// </remarks>
    /// <value>Default: 64.</value>
    public int LookaheadTokens { get; init; } = 64;

    /// <summary>Gets whether full blocks can be found again by later prompts.</summary>
    /// <value>Default: true.</value>
    public bool PrefixCaching { get; init; } = true;

    /// <summary>Gets the hash that finds cached blocks.</summary>
    /// <value>Default: null, a <see cref="KeyedPrefixHash"/> with a random key.</value>
    public PrefixHash? PrefixHash { get; init; }

    /// <summary>Gets what makes the order in which idle groups with cached content are taken; called once per allocator.</summary>
    /// <value>Default: <see cref="LeastRecentlyUsed"/>.</value>
    public Func<EvictionPolicy> Eviction { get; init; } = static () => new LeastRecentlyUsed();

    /// <summary>Gets how many cache events can wait to be read.</summary>
    /// <value>Default: 0, no events.</value>
    public int EventCapacity { get; init; }

    /// <summary>Gets the allocator's name in metrics, where several allocators of a process must be told apart.</summary>
    /// <value>Default: "virtual".</value>
    public string Name { get; init; } = "virtual";

    /// <summary>Gets what makes the meter.</summary>
    /// <value>Default: null, a meter of the allocator's own under <see cref="Diagnostics.KvCacheTelemetry.MeterName"/>.</value>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Checks the options.</summary>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Geometry);
        ArgumentNullException.ThrowIfNull(Eviction);
        ArgumentException.ThrowIfNullOrEmpty(Name);
        if (!Enum.IsDefined(Layout))
        {
            throw new ArgumentOutOfRangeException(nameof(Layout), Layout, $"Layout is {Layout}; expected Separate or Interleaved.");
        }

        Throw.IfLessThan(BlockTokens, 1, nameof(BlockTokens), nameof(BlockTokens));
        Throw.IfLessThan(MemoryBytes, Memory is null ? 1 : 0, nameof(MemoryBytes), nameof(MemoryBytes));
        Throw.IfLessThan(ChunkBytes, 0, nameof(ChunkBytes), nameof(ChunkBytes));
        Throw.IfLessThan(MaxSequences, 1, nameof(MaxSequences), nameof(MaxSequences));
        Throw.IfLessThan(MaxSequenceTokens, 1, nameof(MaxSequenceTokens), nameof(MaxSequenceTokens));
        Throw.IfLessThan(LookaheadTokens, 0, nameof(LookaheadTokens), nameof(LookaheadTokens));
        Throw.IfLessThan(EventCapacity, 0, nameof(EventCapacity), nameof(EventCapacity));
        if (Memory is not null && ChunkBytes != 0 && ChunkBytes != Memory.ChunkBytes)
        {
            throw new ArgumentException(
                $"ChunkBytes is {ChunkBytes}, but Memory has chunks of {Memory.ChunkBytes} bytes; expected 0 or the same.", nameof(ChunkBytes));
        }
    }

    /// <summary>The memory to use: the one given, or a host's with so many bytes.</summary>
    internal IVirtualMemory MakeMemory() => Memory
        ?? new HostVirtualMemory(new HostVirtualMemoryOptions { MemoryBytes = MemoryBytes, ChunkBytes = ChunkBytes > 0 ? ChunkBytes : ChooseChunkBytes() });

    /// <summary>The chunk that suits the size of the memory, or a smaller one where not every sequence would have a group.</summary>
    private long ChooseChunkBytes()
    {
        long smallest = HostPlatform.GranularityBytes;
        long chunk = Math.Max(smallest, HostVirtualMemoryOptions.ChooseChunkBytes(MemoryBytes));
        while (chunk > smallest && new ChunkPlan(Geometry, chunk, BlockTokens, Layout).GroupBytes > MemoryBytes / MaxSequences)
        {
            chunk /= 2;
        }

        return chunk;
    }

    /// <summary>Answers how many groups the memory has.</summary>
    internal int CountGroups(IVirtualMemory memory, ChunkPlan plan)
    {
        long groups = memory.ChunkCapacity / plan.ChunksPerGroup;
        if (MemoryBytes > 0)
        {
            groups = Math.Min(groups, MemoryBytes / plan.GroupBytes);
        }

        // Blocks are numbered, and what the ledger's arrays can number bounds the groups.
        groups = Math.Min(groups, (1L << 30) / (plan.GroupTokens / BlockTokens));
        if (groups < 1)
        {
            Throw.Argument(
                $"The memory has {memory.ChunkCapacity} chunks of {memory.ChunkBytes} bytes, of which MemoryBytes allows {(MemoryBytes > 0 ? MemoryBytes : long.MaxValue)} bytes; "
                + $"one group needs {plan.ChunksPerGroup} chunks, {plan.GroupBytes} bytes ({Geometry}).",
                nameof(MemoryBytes));
        }

        return (int)groups;
    }

    /// <summary>Answers how many slots there are: twice the sequences, as far as places can be numbered.</summary>
    internal int CountSlots(ChunkPlan plan, int slotGroups)
    {
        long slots = Math.Min(2L * MaxSequences, (int.MaxValue / (long)slotGroups) - 2);
        if (slots < MaxSequences)
        {
            Throw.Argument(
                $"MaxSequences is {MaxSequences}, for each of which {slotGroups} groups of {plan.GroupTokens} tokens would be numbered; expected less than {int.MaxValue} together. "
                + "A lower MaxSequenceTokens needs fewer.",
                nameof(MaxSequences));
        }

        return (int)slots;
    }
}
