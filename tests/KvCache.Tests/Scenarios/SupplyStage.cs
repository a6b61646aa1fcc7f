using KvCache.Memory;
using KvCache.Memory.Mapping;
using KvCache.Tests.Virtual;
using KvCache.Tests.VirtualMemory;
using KvCache.Virtual;

namespace KvCache.Tests.Scenarios;

/// <summary>A virtual allocator with pages (groups) of four blocks of two tokens, over a system that has so many pages to give.</summary>
internal sealed class SupplyStage : IDisposable
{
    public const int BlocksPerPage = 4;
    private const int BlockTokens = 2;
    private readonly HostVirtualMemory _memory;
    private SupplyMapper _system = null!;
    private int _next;

    /// <param name="pages">How many pages the system can give.</param>
    /// <param name="lookaheadTokens">How early pages are prepared.</param>
    public SupplyStage(int pages, int lookaheadTokens = 0)
    {
        HostMemory.SkipUnlessSupported();
        Plan = new ChunkPlan(VirtualAllocators.ManyBlocksPerGroup, VirtualAllocators.ChunkBytes, BlockTokens);
        _memory = new HostVirtualMemory(
            new HostVirtualMemoryOptions { ChunkCapacity = 16 * Plan.ChunksPerGroup, ChunkBytes = VirtualAllocators.ChunkBytes },
            (options, capacity, bytes) => _system = new SupplyMapper(HostPlatform.Open(options, capacity, bytes)),
            HostPlatform.Limit);
        Supply = pages;
        Allocator = new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = VirtualAllocators.ManyBlocksPerGroup,
            Memory = _memory,
            BlockTokens = BlockTokens,
            MaxSequences = 16,
            LookaheadTokens = lookaheadTokens,
            PrefixCaching = false,
        });
    }

    public ChunkPlan Plan { get; }

    public VirtualKvAllocator Allocator { get; }

    public int Supply
    {
        get => _system.Left / Plan.ChunksPerGroup;
        set => _system.Left = value * Plan.ChunksPerGroup;
    }

    /// <summary>Gets the pages that have memory.</summary>
    public long CreatedPages => Allocator.CommittedBytes / Plan.GroupBytes;

    /// <summary>Gets the pages that nobody has, in the order in which they would be handed out.</summary>
    public int[] Reserve => Allocator.Ledger.Pool.Idle.ToArray();

    public static int[] Pages(KvSequence sequence) => ((VirtualSequence)sequence).Groups.ToArray();

    /// <summary>The blocks that a sequence can use without asking again.</summary>
    public static int Available(KvSequence sequence) => (sequence.Capacity - sequence.Length) / BlockTokens;

    public void Break(Exception failure) => _system.Failure = failure;

    public KvSequence? TryOpen(int blocks) => Allocator.TryOpen(Tokens(blocks), null, 0, out KvSequence? sequence, out _) ? sequence : null;

    public KvSequence Open(int blocks) => TryOpen(blocks) ?? throw new InvalidOperationException($"{blocks} blocks were refused.");

    public bool TryGrow(KvSequence sequence, int blocks) => sequence.TryAppend(Tokens(blocks), out _);

    public void Dispose()
    {
        Allocator.Dispose();
        _memory.Dispose();
    }

    private int[] Tokens(int blocks) => [.. Enumerable.Range(1000 * _next++, blocks * BlockTokens)];
}
