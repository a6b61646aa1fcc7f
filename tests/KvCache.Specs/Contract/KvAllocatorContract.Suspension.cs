using KvCache.Specs.Devices;
using KvCache.Tiers;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Sequences that leave the device for the host and come back.</content>
public abstract partial class KvAllocatorContract
{
    private static ContractSetup WithHost => new() { HostBlocks = 16 };

    [Fact]
    public void A_suspended_sequence_holds_nothing_on_the_device_and_comes_back_as_it_was()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Append(sequence, 60, 61, 62);
        int[] tokens = cache.Tokens(sequence);
        cache.Suspend(sequence);
        Assert.Equal((10, 13, 13), (sequence.ComputedLength, sequence.Length, sequence.Capacity));
        Assert.Equal((0, 1), (cache.Usage.OwnedBlocks, cache.Usage.OpenSequences));
        Assert.Equal(tokens, cache.Tokens(sequence));
        Assert.Equal((3 * cache.Usage.BlockBytes, 1), (Tier(cache).UsedBytes, Tier(cache).SuspendedSequences));
        cache.Overwrite();
        cache.Resume(sequence);
        AssertCursors(sequence, 10, 13);
        Assert.Equal(tokens, cache.Tokens(sequence));
        Assert.Equal((0, 0), (Tier(cache).UsedBytes, Tier(cache).SuspendedSequences));
        cache.Verify(sequence);
        cache.Compute(sequence);
        cache.Append(sequence, Run(70, 9));
        cache.Compute(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void Blocks_that_are_still_cached_are_shared_and_only_the_rest_is_copied_back()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        Assert.Equal(3 * cache.Usage.BlockBytes, Tier(cache).BytesToHost);
        KvSequence other = cache.Open(Run(0, 9));
        Assert.Equal(8, other.HitLength);
        cache.Compute(other);
        cache.Resume(sequence);
        Assert.Equal(cache.Usage.BlockBytes, Tier(cache).BytesToDevice);
        Assert.Equal(4, cache.Usage.OwnedBlocks);
        cache.Verify(sequence, other);
    }

    [Fact]
    public void Blocks_that_are_all_cached_are_not_copied_at_all()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 8));
        cache.Suspend(sequence);
        cache.Resume(sequence);
        Assert.Equal(0, Tier(cache).BytesToDevice);
        AssertCursors(sequence, 8, 8);
        cache.Append(sequence, 60);
        cache.Compute(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void What_comes_back_can_be_found_again()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        cache.Overwrite();
        Assert.Equal(0, cache.Hit(Run(0, 9)));
        cache.Resume(sequence);
        Assert.Equal(8, cache.Hit(Run(0, 9)));
        KvSequence other = cache.Open(Run(0, 9));
        cache.Compute(other);
        cache.Verify(sequence, other);
    }

    [Fact]
    public void Without_prefix_caching_everything_is_copied_back()
    {
        CacheFixture cache = Create(WithHost with { PrefixCaching = false });
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        KvSequence other = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        cache.Overwrite();
        cache.Resume(sequence);
        Assert.Equal(3 * cache.Usage.BlockBytes, Tier(cache).BytesToDevice);
        cache.Verify(sequence, other);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_fork_shares_stays_with_the_other(bool prefixCaching)
    {
        CacheFixture cache = Create(WithHost with { PrefixCaching = prefixCaching });
        KvSequence parent = cache.OpenComputed(Run(0, 10));
        KvSequence child = cache.Fork(parent, 10);
        int owned = cache.Usage.OwnedBlocks;
        cache.Suspend(parent);
        Assert.Equal(owned, cache.Usage.OwnedBlocks);
        cache.Verify(child);
        cache.Append(child, 60, 61, 62);
        cache.Compute(child);
        cache.Resume(parent);
        cache.Append(parent, 70, 71, 72);
        cache.Compute(parent);
        cache.Verify(parent, child);
        cache.Suspend(child);
        cache.Suspend(parent);
        Assert.Equal(0, cache.Usage.OwnedBlocks);
        cache.Overwrite();
        cache.Resume(child);
        cache.Resume(parent);
        cache.Verify(parent, child);
    }

    [Fact]
    public void A_resumed_sequence_is_forked_and_copied_on_write_like_any_other()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        cache.Overwrite();
        cache.Resume(sequence);
        KvSequence child = cache.Fork(sequence, 9);
        cache.Append(sequence, 60, 61);
        cache.Append(child, 70);
        cache.Compute(sequence, child);
        sequence.Truncate(5);
        cache.Append(sequence, 80);
        cache.Compute(sequence);
        cache.Verify(sequence, child);
    }

    [Fact]
    public void Only_what_a_suspended_sequence_allows_can_be_done_with_it()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        long copied = Tier(cache).BytesToHost;
        Assert.Throws<InvalidOperationException>(() => sequence.TryReserve(1, out _));
        Assert.Throws<InvalidOperationException>(() => sequence.TryAppend([1], out _));
        Assert.Throws<InvalidOperationException>(() => sequence.Truncate(0));
        Assert.Throws<InvalidOperationException>(() => sequence.TryFork(0, out _, out _));
        Assert.Throws<InvalidOperationException>(() => cache.Allocator.BeginStep([new KvRow(sequence, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.TryResume(-1, out _));
        cache.Suspend(sequence);
        Assert.Equal(copied, Tier(cache).BytesToHost);
        cache.Resume(sequence);
        cache.Resume(sequence);
        cache.Verify(sequence);
        sequence.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sequence.TrySuspend(out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryResume(out _));
    }

    [Fact]
    public void Without_a_host_tier_suspending_is_refused_and_changes_nothing()
    {
        CacheFixture cache = Create();
        Assert.Null(cache.Allocator.HostTier);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(sequence.TrySuspend(out KvRefusal refusal), refusal, KvRefusal.OutOfHostMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        Assert.False(sequence.IsSuspended);
        cache.Verify(sequence);
    }

    [Fact]
    public void A_full_host_tier_refuses_until_something_leaves_it()
    {
        CacheFixture cache = Create(new ContractSetup { HostBlocks = 4 });
        KvSequence small = cache.OpenComputed(Run(0, 5));
        KvSequence middle = cache.OpenComputed(Run(40, 9));
        KvSequence large = cache.OpenComputed(Run(60, 17));
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(large.TrySuspend(out KvRefusal refusal), refusal, KvRefusal.OutOfHostMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        cache.Suspend(small);
        before = cache.Snapshot(Watched);
        AssertRefused(middle.TrySuspend(out refusal), refusal, KvRefusal.OutOfHostMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        small.Dispose();
        cache.Suspend(middle);
        cache.Overwrite();
        cache.Resume(middle);
        cache.Verify(middle, large);
    }

    [Fact]
    public void A_sequence_of_which_nothing_is_computed_needs_no_room_on_the_host()
    {
        CacheFixture cache = Create(new ContractSetup { HostBlocks = 1 });
        KvSequence waiting = cache.Open(Run(0, 9));
        KvSequence empty = cache.Open([]);
        cache.Suspend(waiting);
        cache.Suspend(empty);
        Assert.Equal((0, 0L, 2), (cache.Usage.OwnedBlocks, Tier(cache).UsedBytes, Tier(cache).SuspendedSequences));
        cache.Resume(empty);
        cache.Resume(waiting);
        cache.Compute(waiting);
        cache.Verify(waiting, empty);
    }

    [Fact]
    public void Room_reserved_beyond_the_length_is_given_up_and_asked_for_again()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.Open(Run(0, 6), reserve: 30);
        cache.Compute(sequence);
        cache.Suspend(sequence);
        Assert.Equal(6, sequence.Capacity);
        KvSequence other = cache.OpenComputed(Run(40, 40));
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(sequence.TryResume(30, out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(sequence.TryResume(cache.Usage.TotalBlocks * 4 + 1, out refusal), refusal, KvRefusal.TooLong);
        Assert.Equal(before, cache.Snapshot(Watched));
        Assert.True(sequence.IsSuspended);
        other.Dispose();
        Assert.True(sequence.TryResume(30, out refusal));
        Assert.True(sequence.Capacity >= 30);
        cache.FillUp();
        cache.Append(sequence, Run(70, 24));
        cache.Compute(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void Resuming_on_a_full_device_is_refused_and_granted_later()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        List<KvSequence> filling = cache.FillUp();
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(sequence.TryResume(out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        Assert.True(sequence.IsSuspended);
        filling[0].Dispose();
        filling[1].Dispose();
        AssertRefused(sequence.TryResume(out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        filling[2].Dispose();
        cache.Resume(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void A_suspended_sequence_can_be_closed_and_its_allocator_too()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence gone = cache.OpenComputed(Run(0, 10));
        KvSequence stays = cache.OpenComputed(Run(40, 10));
        cache.Suspend(gone);
        cache.Suspend(stays);
        gone.Dispose();
        gone.Dispose();
        Assert.Equal((1, 3 * cache.Usage.BlockBytes), (cache.Usage.OpenSequences, Tier(cache).UsedBytes));
        cache.Allocator.CheckIntegrity();
        Assert.False(cache.Allocator.TryClear());
        cache.CloseAllocator();
        Assert.True(stays.IsDisposed);
    }

    [Fact]
    public void Trimming_takes_nothing_from_a_suspended_sequence()
    {
        CacheFixture cache = Create(PageSized with { HostBlocks = 8 });
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        cache.Allocator.Trim(long.MaxValue);
        cache.Resume(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void Many_sequences_take_turns_on_a_device_with_room_for_one()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 4, HostBlocks = 20 });
        List<KvSequence> sequences = [];
        for (int i = 0; i < 5; i++)
        {
            KvSequence sequence = cache.OpenComputed(Run(100 * i, 9 + i));
            cache.Suspend(sequence);
            sequences.Add(sequence);
        }

        for (int turn = 0; turn < 15; turn++)
        {
            KvSequence sequence = sequences[turn * 3 % 5];
            cache.Resume(sequence);
            cache.Append(sequence, 1000 + turn);
            cache.Compute(sequence);
            cache.Verify(sequence);
            if (sequence.Length == 15)
            {
                sequence.Truncate(6);
            }

            cache.Suspend(sequence);
            cache.Allocator.CheckIntegrity();
        }
    }

    private static HostTier Tier(CacheFixture cache) => cache.Allocator.HostTier ?? throw new InvalidOperationException("There is no host tier.");
}
