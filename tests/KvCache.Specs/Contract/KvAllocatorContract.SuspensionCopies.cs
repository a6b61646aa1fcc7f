using KvCache.Specs.Devices;
using KvCache.Tiers;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Suspension: copies that fail or are late, and steps that still run.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void A_copy_to_the_host_that_fails_leaves_the_sequence_where_it_was()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(WithHost with { Device = device });
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Settle();
        CacheSnapshot before = cache.Snapshot(Watched);
        device.FailNextCopies(1);
        AssertRefused(sequence.TrySuspend(out KvRefusal refusal), refusal, KvRefusal.TransferFailed);
        Assert.Equal(before, cache.Snapshot(Watched));
        Assert.Equal((0L, 0), (Tier(cache).UsedBytes, Tier(cache).SuspendedSequences));
        cache.Verify(sequence);
        cache.Suspend(sequence);
        cache.Overwrite();
        cache.Resume(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void A_copy_from_the_host_that_fails_leaves_the_sequence_suspended()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(WithHost with { Device = device });
        KvSequence other = cache.OpenComputed(Run(40, 10));
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        cache.Overwrite();
        KvUsage before = cache.Usage;
        device.FailNextCopies(2);
        for (int i = 0; i < 2; i++)
        {
            AssertRefused(sequence.TryResume(out KvRefusal refusal), refusal, KvRefusal.TransferFailed);
            Assert.True(sequence.IsSuspended);
            Assert.Equal((before.OwnedBlocks, before.AvailableBlocks), (cache.Usage.OwnedBlocks, cache.Usage.AvailableBlocks));
            Assert.Equal(0, cache.Hit(Run(0, 9)));
            cache.Allocator.CheckIntegrity();
        }

        cache.Resume(sequence);
        cache.Verify(sequence, other);
    }

    [Fact]
    public void Nothing_is_read_before_a_late_copy_has_arrived()
    {
        LateFenceDevice device = new() { DelayCopies = true };
        CacheFixture cache = Create(WithHost with { Device = device });
        KvSequence sequence = cache.OpenComputed(Run(0, 10));
        cache.Suspend(sequence);
        Assert.Equal(device.Copies.Issued, device.Copies.Passed);
        cache.Overwrite();
        cache.Resume(sequence);
        Assert.Equal(device.Copies.Issued, device.Copies.Passed);
        cache.Verify(sequence);
    }

    [Fact]
    public void A_sequence_is_not_suspended_from_under_an_open_step()
    {
        CacheFixture cache = Create(WithHost);
        KvSequence computing = cache.Open(Run(0, 10));
        KvSequence idle = cache.OpenComputed(Run(40, 10));
        KvRow[] rows = [new KvRow(computing, 10)];
        KvStep step = cache.Allocator.BeginStep(rows);
        Assert.Throws<InvalidOperationException>(() => computing.TrySuspend(out _));
        cache.Write(step, rows);
        cache.Suspend(idle);
        cache.Allocator.CheckIntegrity();
        step.Complete();
        cache.Overwrite();
        cache.Resume(idle);
        cache.Verify(computing, idle);
    }

    [Fact]
    public void What_a_running_step_writes_is_copied_when_it_has_been_written()
    {
        LateFenceDevice device = new();
        LateTimeline elsewhere = new();
        CacheFixture cache = Create(WithHost with { Device = device });
        KvSequence here = cache.OpenComputed(Run(0, 10));
        KvSequence there = cache.Open(Run(40, 10));
        CompleteElsewhere(cache, there, elsewhere);
        device.Copying += _ => Assert.Equal((device.Steps.Issued, elsewhere.Issued), (device.Steps.Passed, elsewhere.Passed));
        cache.Suspend(there);
        cache.Suspend(here);
        Assert.Equal(0, cache.Usage.OwnedBlocks);
    }

    [Fact]
    public void Memory_of_a_suspended_sequence_waits_for_a_step_that_still_reads_it()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 2, HostBlocks = 2 });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        cache.Settle();
        KvRow[] rows = [new KvRow(child, 0)];
        KvStep step = cache.Allocator.BeginStep(rows);
        child.Dispose();
        cache.Suspend(parent);
        Assert.Equal((0, 2), (cache.Usage.OwnedBlocks, cache.Usage.InTransferBlocks));
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        step.Dispose();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        device.Steps.PassAll();
        KvSequence other = cache.OpenComputed(Run(50, 8));
        other.Dispose();
        device.Steps.PassAll();
        cache.Resume(parent);
        cache.Verify(parent);
    }

    [Fact]
    public void A_resumed_sequence_is_given_no_memory_that_a_running_step_reads()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 4, HostBlocks = 4 });
        KvSequence sequence = cache.OpenComputed(Run(0, 6));
        cache.Suspend(sequence);
        KvSequence other = cache.OpenComputed(Run(40, 16));
        other.Dispose();
        AssertRefused(sequence.TryResume(out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        device.Steps.PassAll();
        cache.Resume(sequence);
        cache.Verify(sequence);
    }
}
