using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>A refusal changes nothing.</content>
public abstract partial class KvAllocatorContract
{
    private static readonly int[][] Watched = [Run(0, 7), Run(0, 13), Run(40, 9), Run(60, 9), [.. Run(0, 4), 60, 61]];

    [Fact]
    public void Growth_refused_at_a_full_pool_changes_nothing()
    {
        CacheFixture cache = Create();
        cache.OpenComputed(Run(40, 8));
        KvSequence sequence = cache.OpenComputed(Run(0, 8));
        cache.FillUp();
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(sequence.TryAppend([1], out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(sequence.TryAppend(Run(0, 40), out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(sequence.TryReserve(9, out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(cache.Allocator.TryOpen(Run(0, 20), null, 0, out _, out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        cache.VerifyAll();
    }

    [Fact]
    public void Growth_by_more_than_is_left_takes_none_of_it()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 8 });
        cache.OpenComputed(Run(40, 8)).Dispose();
        KvSequence sequence = cache.OpenComputed(Run(0, 13));
        cache.OpenComputed(Run(60, 3));
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(sequence.TryAppend(Run(0, 16), out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(sequence.TryReserve(32, out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(cache.Allocator.TryOpen(Run(90, 16), null, 0, out _, out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        cache.VerifyAll();
    }

    [Fact]
    public void A_fork_that_needs_memory_of_its_own_is_refused_at_a_full_pool()
    {
        CacheFixture cache = Create();
        KvSequence parent = cache.Open(Run(0, 10));
        cache.Compute(parent, 6);
        cache.FillUp();
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(parent.TryFork(10, out KvSequence? child, out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Null(child);
        AssertRefused(parent.TryFork(5, out child, out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Null(child);
        Assert.Equal(before, cache.Snapshot(Watched));
        cache.VerifyAll();
        cache.Verify(cache.Fork(parent, 4));
    }

    [Fact]
    public void Copy_on_write_is_refused_at_a_full_pool_and_granted_later()
    {
        CacheFixture cache = Create();
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        List<KvSequence> filling = cache.FillUp();
        CacheSnapshot before = cache.Snapshot(Watched);
        AssertRefused(parent.TryAppend([60], out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        AssertRefused(child.TryAppend([70], out refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(before, cache.Snapshot(Watched));
        filling[0].Dispose();
        cache.Append(parent, 60);
        cache.Append(child, 70);
        cache.Compute(parent, child);
        cache.Verify(parent, child);
    }

    [Fact]
    public void A_failed_copy_is_a_refusal_that_changes_nothing()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        cache.Settle();
        CacheSnapshot before = cache.Snapshot(Watched);
        device.FailNextCopies(2);
        AssertRefused(parent.TryAppend(Run(60, 9), out KvRefusal refusal), refusal, KvRefusal.TransferFailed);
        AssertRefused(child.TryReserve(12, out refusal), refusal, KvRefusal.TransferFailed);
        Assert.Equal(before, cache.Snapshot(Watched));
        cache.Verify(parent, child);
        cache.Append(parent, Run(60, 9));
        cache.Append(child, 70);
        cache.Compute(parent, child);
        cache.Verify(parent, child);
    }

    [Fact]
    public void A_fork_whose_copy_failed_never_was()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.Open(Run(0, 10));
        cache.Compute(parent, 6);
        cache.Settle();
        CacheSnapshot before = cache.Snapshot(Watched);
        device.FailNextCopies(2);
        AssertRefused(parent.TryFork(10, out KvSequence? child, out KvRefusal refusal), refusal, KvRefusal.TransferFailed);
        Assert.Null(child);
        AssertRefused(parent.TryFork(6, out child, out refusal), refusal, KvRefusal.TransferFailed);
        Assert.Equal(before, cache.Snapshot(Watched));
        child = cache.Fork(parent, 10);
        cache.Compute(parent, child);
        cache.Verify(parent, child);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void A_failed_copy_costs_at_most_what_was_cached_where_it_would_have_gone(int appended)
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 5 });
        cache.OpenComputed(Run(40, 12)).Dispose();
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        cache.Fork(parent, 6);
        cache.Settle();
        KvUsage before = cache.Usage;
        Assert.Equal(3, before.CachedBlocks);
        device.FailNextCopies(1);
        int copies = device.CopyCalls;
        bool granted = parent.TryAppend(Run(60, appended), out KvRefusal refusal);
        Assert.SkipWhen(granted && device.CopyCalls == copies, "The block was copied over a link to the host, not by the device.");
        AssertRefused(granted, refusal, KvRefusal.TransferFailed);
        Assert.InRange(cache.Usage.CachedBlocks, 2, 3);
        Assert.Equal((before.OwnedBlocks, before.AvailableBlocks), (cache.Usage.OwnedBlocks, cache.Usage.AvailableBlocks));
        AssertCursors(parent, 6, 6);
        cache.Allocator.CheckIntegrity();
        cache.VerifyAll();
        cache.Settle();
        cache.Verify(cache.Open(Run(40, 13), reserve: 12));
    }

    [Fact]
    public void A_late_copy_has_arrived_when_its_request_returns()
    {
        LateFenceDevice device = new() { DelayCopies = true };
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        cache.Append(child, 70);
        cache.Append(parent, 60);
        Assert.True(device.Copies.Issued > 0);
        cache.Verify(parent, child);
        cache.Compute(parent, child);
        cache.Verify(parent, child);
    }

    private static void AssertRefused(bool answer, KvRefusal refusal, KvRefusal expected)
    {
        Assert.False(answer);
        Assert.Equal(expected, refusal);
    }
}
