using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Memory that running work may still use.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Memory_of_a_closed_sequence_waits_for_the_fence_of_the_last_step()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 2 });
        KvSequence sequence = cache.OpenComputed(Run(0, 5));
        sequence.Dispose();
        Assert.Equal(2, cache.Usage.InTransferBlocks);
        Assert.Equal(0, cache.Usage.OwnedBlocks);
        cache.Allocator.CheckIntegrity();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        device.Steps.PassAll();
        cache.Verify(cache.OpenComputed(Run(50, 5)));
    }

    [Fact]
    public void Memory_given_back_in_an_open_step_waits_for_that_steps_fence()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 2 });
        KvSequence sequence = cache.Open(Run(0, 5));
        KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 5)]);
        cache.Write(step, [new KvRow(sequence, 5)]);
        sequence.Dispose();
        device.Steps.PassAll();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        step.Complete();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        device.Steps.PassAll();
        cache.Verify(cache.OpenComputed(Run(50, 5)));
    }

    [Fact]
    public void A_step_that_is_disposed_has_a_fence_too()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 1 });
        KvSequence sequence = cache.Open(Run(0, 4));
        cache.Allocator.BeginStep([new KvRow(sequence, 4)]).Dispose();
        sequence.Dispose();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        device.Steps.PassAll();
        cache.Open([50]);
    }

    [Fact]
    public void Truncated_memory_waits_and_grows_back_elsewhere()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 4 });
        KvSequence sequence = cache.OpenComputed(Run(0, 12));
        sequence.Truncate(2);
        Assert.Equal(1, cache.Usage.OwnedBlocks);
        Assert.Equal(2, cache.Usage.InTransferBlocks);
        cache.Append(sequence, Run(60, 6));
        Assert.False(sequence.TryAppend([70], out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        device.Steps.PassAll();
        cache.Append(sequence, 70);
        cache.Compute(sequence);
        cache.Verify(sequence);
    }

    [Fact]
    public void A_prefix_is_found_in_memory_that_waits()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 4 });
        cache.OpenComputed(Run(0, 8)).Dispose();
        Assert.Equal(2, cache.Usage.InTransferBlocks);
        KvAdmission admission = cache.Allocator.Probe(Run(0, 9), null, 0);
        Assert.Equal((8, 0), (admission.HitTokens, admission.RevivedBlocks));
        KvSequence again = cache.Open(Run(0, 9));
        Assert.Equal(8, again.HitLength);
        Assert.Equal(0, cache.Usage.InTransferBlocks);
        cache.Compute(again);
        device.Steps.PassAll();
        cache.Verify(again);
        again.Dispose();
        device.Steps.PassAll();
        Assert.Equal(8, cache.Hit(Run(0, 9)));
    }

    [Fact]
    public void Memory_becomes_free_in_the_order_in_which_fences_pass()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 3 });
        for (int i = 0; i < 3; i++)
        {
            cache.OpenComputed(Run(50 * i, 3)).Dispose();
            SkipIfWaited(device.Steps);
            Assert.Equal(i + 1, cache.Usage.InTransferBlocks);
        }

        for (int waiting = 3; waiting > 0; waiting--)
        {
            AssertOpenRefused(cache, [1], 0, KvRefusal.OutOfDeviceMemory);
            PassStep(cache, device);
            cache.Open([1]);
            Assert.Equal(waiting - 1, cache.Usage.InTransferBlocks);
        }
    }

    [Fact]
    public void The_cache_is_not_cleared_nor_trimmed_from_under_running_work()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        cache.OpenComputed(Run(0, 8)).Dispose();
        Assert.False(cache.Allocator.TryClear());
        Assert.Equal(0, cache.Allocator.Trim(long.MaxValue));
        Assert.Equal(8, cache.Hit(Run(0, 9)));
        device.Steps.PassAll();
        Assert.True(cache.Allocator.TryClear());
        Assert.Equal(0, cache.Hit(Run(0, 9)));
    }

    [Fact]
    public void What_a_running_step_reads_is_not_written_by_another_sequence()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence parent = cache.OpenComputed(Run(0, 6));
        KvSequence child = cache.Fork(parent, 6);
        cache.Settle();
        nint read = KeyAddressOf(cache, child, 5);
        child.Dispose();
        parent.Truncate(5);
        cache.Append(parent, 60);
        Assert.NotEqual(read, KeyAddressOf(cache, parent, 5));
        cache.Compute(parent);
        cache.Verify(parent);
    }

    [Fact]
    public void A_refused_fork_behind_a_running_step_leaves_its_parent_free_to_write()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device, BlockCount = 4 });
        KvSequence parent = cache.Open(Run(0, 11));
        cache.Compute(parent, 5);
        cache.FillUp();
        CacheSnapshot before = cache.Snapshot();
        AssertRefused(parent.TryFork(11, out _, out KvRefusal refusal), refusal, KvRefusal.OutOfDeviceMemory);
        Assert.Equal(before, cache.Snapshot());
        parent.Truncate(3);
        cache.Append(parent, 60);
    }

    [Fact]
    public void A_fence_of_the_engines_own_guards_memory_like_the_devices()
    {
        LateTimeline elsewhere = new();
        CacheFixture cache = Create(new ContractSetup { BlockCount = 1 });
        KvSequence sequence = cache.Open(Run(0, 4));
        CompleteElsewhere(cache, sequence, elsewhere);
        sequence.Dispose();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        elsewhere.PassAll();
        cache.Open([50]);
    }

    [Fact]
    public void A_later_step_that_has_passed_says_nothing_about_an_earlier_one_elsewhere()
    {
        LateTimeline slow = new();
        LateTimeline fast = new();
        CacheFixture cache = Create(new ContractSetup { BlockCount = 2 });
        KvSequence sequence = cache.Open(Run(0, 4));
        KvSequence other = cache.Open(Run(60, 3));
        CompleteElsewhere(cache, sequence, slow);
        CompleteElsewhere(cache, other, fast);
        fast.PassAll();
        sequence.Dispose();
        AssertOpenRefused(cache, [50], 0, KvRefusal.OutOfDeviceMemory);
        slow.PassAll();
        cache.Open([50]);
    }

    /// <summary>Lets fences pass until one of the steps that memory waits for has; a layer that leaves has a fence of its own.</summary>
    private static void PassStep(CacheFixture cache, LateFenceDevice device)
    {
        for (int waiting = cache.Usage.InTransferBlocks; cache.Usage.InTransferBlocks == waiting; cache.Allocator.Probe([], null, 0))
        {
            device.Steps.PassNext();
        }
    }

    /// <summary>Begins and ends a step that uses the sequence.</summary>
    private static nint KeyAddressOf(CacheFixture cache, KvSequence sequence, int position)
    {
        using KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, sequence.Length - sequence.ComputedLength)]);
        return StampedMemory.KeyAddress(step.Enter(0), 0, position, 0);
    }

    private static void CompleteElsewhere(CacheFixture cache, KvSequence sequence, LateTimeline timeline)
    {
        KvRow[] rows = [new KvRow(sequence, sequence.Length)];
        KvStep step = cache.Allocator.BeginStep(rows);
        KvFence fence = timeline.Issue();
        cache.Write(step, rows, fence);
        step.Complete(fence);
        SkipIfWaited(timeline);
    }

    /// <summary>A layer leaves the device only after the work on it: where a manager had to wait for a fence, the test cannot hold it back.</summary>
    private static void SkipIfWaited(LateTimeline timeline) =>
        Assert.SkipWhen(timeline.BlockedWaits > 0, "Layers had to leave the device, and waited for the fence that this test holds back.");
}
