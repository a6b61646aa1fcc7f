using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Handing back, twice, too late, and all at once.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Disposing_twice_gives_back_once()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.OpenComputed(Run(0, 9));
        KvSequence second = cache.Open(Run(0, 9));
        first.Dispose();
        first.Dispose();
        Assert.True(first.IsDisposed);
        Assert.Equal(1, cache.Usage.OpenSequences);
        cache.Allocator.CheckIntegrity();
        cache.Compute(second);
        cache.Verify(second);
    }

    [Fact]
    public void Every_verb_of_a_disposed_sequence_throws()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 9));
        sequence.Dispose();
        AssertStale(sequence);
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.BeginStep([new KvRow(sequence, 0)]));
        cache.Allocator.BeginStep([]).Dispose();
    }

    [Fact]
    public void Every_verb_of_a_disposed_allocator_throws()
    {
        CacheFixture cache = Create();
        KvSequence open = cache.Open(Run(0, 9));
        cache.CloseAllocator();
        cache.Allocator.Dispose();
        Assert.True(open.IsDisposed);
        AssertStale(open);
        open.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.TryOpen([1], null, 0, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.Probe([1], null, 0));
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.BeginStep([]));
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.Trim(0));
        Assert.Throws<ObjectDisposedException>(() => cache.Allocator.TryClear());
    }

    [Fact]
    public void An_allocator_disposed_with_an_open_step_waits_for_the_work_and_gives_all_memory_back()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        KvSequence sequence = cache.OpenComputed(Run(0, 9));
        cache.Append(sequence, 9);
        KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        KvLayerView view = step.Enter(0);
        cache.CloseAllocator();
        Assert.True(sequence.IsDisposed);
        Assert.False(step.IsOpen);
        Assert.Throws<InvalidOperationException>(() => view.KeyBase);
        Assert.Throws<InvalidOperationException>(step.Complete);
        step.Dispose();
        Assert.Equal(0, device.LiveArenas);
        Assert.True(device.Steps.BlockedWaits > 0);
        Assert.Equal(device.Steps.Issued, device.Steps.Passed);
    }

    [Fact]
    public void An_allocator_disposed_behind_a_running_step_waits_for_its_fence()
    {
        LateFenceDevice device = new();
        CacheFixture cache = Create(new ContractSetup { Device = device });
        cache.OpenComputed(Run(0, 9)).Dispose();
        cache.OpenComputed(Run(50, 9));
        cache.CloseAllocator();
        Assert.False(device.GaveBackTooEarly);
        Assert.Equal(0, device.LiveArenas);
    }

    [Fact]
    public void A_sequence_disposed_in_an_open_step_takes_no_part_in_its_completion()
    {
        CacheFixture cache = Create();
        KvSequence gone = cache.Open(Run(0, 9));
        KvSequence stays = cache.Open(Run(50, 9));
        KvRow[] rows = [new KvRow(gone, 9), new KvRow(stays, 9)];
        using KvStep step = cache.Allocator.BeginStep(rows);
        cache.Write(step, rows);
        gone.Dispose();
        Assert.Equal(9, step.Enter(0).Lengths[0]);
        step.Complete();
        AssertCursors(stays, 9, 9);
        Assert.Equal(0, cache.Hit(Run(0, 9)));
        cache.Verify(stays);
        cache.Settle();
        Assert.Equal(0, cache.Usage.InTransferBlocks);
    }

    private static void AssertStale(KvSequence sequence)
    {
        Assert.Throws<ObjectDisposedException>(() => sequence.TryReserve(1, out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryAppend([1], out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryAppend([], out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.Truncate(0));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryFork(0, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.CopyTokens(0, []));
    }
}
