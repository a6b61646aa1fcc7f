using KvCache.Blocks;
using KvCache.Paged;
using KvCache.Specs;
using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>What is given up first, which is not what a paged cache gives up first: groups that hold nothing, then memory taken anew, then what is cached.</summary>
public sealed class VirtualEvictionTests
{
    private const int BlockTokens = 4;
    private static readonly int[] Found = VirtualStage.Run(0, 5);

    [Fact]
    public void What_holds_nothing_is_used_before_what_can_be_found_though_a_paged_cache_goes_by_age()
    {
        using PagedKvAllocator paged = new(new PagedKvAllocatorOptions { Geometry = VirtualAllocators.GroupPerBlock, BlockTokens = BlockTokens, BlockCount = 3 });
        using VirtualKvAllocator virtually = Create(groups: 3);
        Assert.Equal((0, 4), (HitAfterwards(paged), HitAfterwards(virtually)));
    }

    [Fact]
    public void Memory_is_taken_anew_before_what_can_be_found_is_given_up_and_not_while_something_holds_nothing()
    {
        using VirtualKvAllocator allocator = Create(groups: 3);
        Leave(allocator, Found[..4], compute: true);
        Leave(allocator, [100, 101], compute: false);
        Assert.Equal(2, Groups(allocator));
        KvSequence first = Open(allocator, [200]);
        Assert.Equal((2, 4), (Groups(allocator), allocator.Probe(Found, null, 0).HitTokens));
        KvSequence second = Open(allocator, [300]);
        Assert.Equal((3, 4), (Groups(allocator), allocator.Probe(Found, null, 0).HitTokens));
        KvSequence third = Open(allocator, [400]);
        Assert.Equal((3, 0), (Groups(allocator), allocator.Probe(Found, null, 0).HitTokens));
        allocator.CheckIntegrity();
    }

    [Fact]
    public void Trimming_gives_empty_groups_back_first_then_the_oldest_cached_ones_then_those_mapped_ahead()
    {
        using VirtualKvAllocator allocator = Create(groups: 16, lookaheadTokens: 1);
        Leave(allocator, Found[..4], compute: true);
        Leave(allocator, [500, 501, 502, 503], compute: true);

        // Of three groups that hold nothing, the open sequence takes one and expects another.
        KvSequence[] empty = [Open(allocator, [100, 101]), Open(allocator, [200, 201]), Open(allocator, [300, 301])];
        Array.ForEach(empty, static sequence => sequence.Dispose());
        KvSequence open = Open(allocator, [600, 601, 602, 603]);
        allocator.Space.Ahead.Finish();
        int[] idle = allocator.Ledger.Pool.Idle.ToArray();
        Assert.Equal([false, true, true, false], idle.Select(allocator.Ledger.Pool.IsPublished));
        Assert.True(allocator.Ledger.IsExpected(idle[^1]));
        foreach ((int found, int later) in (ReadOnlySpan<(int, int)>)[(4, 4), (0, 4), (0, 0)])
        {
            Assert.Equal(allocator.Plan.GroupBytes, allocator.Trim(1));
            Assert.Equal((found, later), (allocator.Probe(Found, null, 0).HitTokens, allocator.Probe([500, 501, 502, 503, 504], null, 0).HitTokens));
        }

        Assert.Equal([idle[^1]], allocator.Ledger.Pool.Idle.ToArray());
        Assert.Equal(2 * allocator.Plan.GroupBytes, allocator.CommittedBytes);
        Assert.Equal(allocator.Plan.GroupBytes, allocator.Trim(long.MaxValue));
        Assert.True(open.TryAppend([604], out _));
        allocator.CheckIntegrity();
    }

    private static VirtualKvAllocator Create(int groups, int lookaheadTokens = 0) => VirtualAllocators.Create(
        new ContractSetup { BlockCount = groups, BlockTokens = BlockTokens }, VirtualAllocators.GroupPerBlock, lookaheadTokens);

    /// <summary>Leaves something that can be found and then, younger, what holds nothing, fills what remains with one block, and asks what is found.</summary>
    private static int HitAfterwards(IKvAllocator allocator)
    {
        Leave(allocator, Found[..4], compute: true);
        KvSequence[] empty = [Open(allocator, [100, 101]), Open(allocator, [200, 201])];
        empty[0].Dispose();
        empty[1].Dispose();
        Open(allocator, [300]);
        allocator.CheckIntegrity();
        return allocator.Probe(Found, null, 0).HitTokens;
    }

    private static void Leave(IKvAllocator allocator, int[] prompt, bool compute)
    {
        using KvSequence sequence = Open(allocator, prompt);
        if (compute)
        {
            using KvStep step = allocator.BeginStep([new KvRow(sequence, prompt.Length)]);
            step.Complete();
        }

        // Which groups hold nothing depends on how far mapping ahead has come when a sequence goes.
        (allocator as VirtualKvAllocator)?.Space.Ahead.Finish();
    }

    private static KvSequence Open(IKvAllocator allocator, int[] prompt)
    {
        Assert.True(allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out KvRefusal refusal), $"{refusal}");
        return sequence;
    }

    private static long Groups(VirtualKvAllocator allocator) => allocator.CommittedBytes / allocator.Plan.GroupBytes;
}
