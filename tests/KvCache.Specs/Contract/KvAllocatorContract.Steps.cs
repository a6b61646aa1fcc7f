using Xunit;

namespace KvCache.Specs.Contract;

/// <content>The life of a step.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void A_step_computes_any_part_of_any_sequences()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.Open(Run(0, 9));
        KvSequence second = cache.Open(Run(50, 3));
        KvSequence third = cache.OpenComputed(Run(70, 6));
        KvRow[] rows = [new KvRow(third, 0), new KvRow(first, 5), new KvRow(second, 3)];
        KvStep step = cache.Allocator.BeginStep(rows);
        Assert.True(step.IsOpen);
        Assert.Equal((3, 8), (step.RowCount, step.TokenCount));
        cache.Write(step, rows);
        AssertCursors(first, 0, 9);
        step.Complete();
        Assert.False(step.IsOpen);
        AssertCursors(first, 5, 9);
        AssertCursors(second, 3, 3);
        AssertCursors(third, 6, 6);
        cache.Verify(first, second, third);
    }

    [Fact]
    public void An_empty_step_is_a_step()
    {
        CacheFixture cache = Create();
        KvStep step = cache.Allocator.BeginStep([]);
        KvLayerView view = step.Enter(0);
        Assert.Equal((0, 0), (view.RowCount, view.TokenCount));
        Assert.Equal([0], view.QueryOffsets.ToArray());
        Assert.True(view.Lengths.IsEmpty);
        step.Leave(0);
        step.Complete();
    }

    [Fact]
    public void A_step_disposed_half_way_commits_nothing()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 9));
        cache.Compute(sequence, 3);
        KvRow[] rows = [new KvRow(sequence, 6)];
        KvStep step = cache.Allocator.BeginStep(rows);
        step.Enter(0);
        step.Leave(0);
        step.Dispose();
        step.Dispose();
        Assert.False(step.IsOpen);
        AssertCursors(sequence, 3, 9);
        Assert.Equal(0, cache.Hit(Run(0, 9)));
        cache.Verify(sequence);
        cache.Compute(sequence);
        cache.Verify(sequence);
        Assert.Equal(8, cache.Hit(Run(0, 9)));
    }

    [Fact]
    public void A_step_ends_once()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 3));
        KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        step.Complete();
        step.Dispose();
        Assert.Throws<InvalidOperationException>(step.Complete);
        Assert.Throws<InvalidOperationException>(() => step.Complete(default));
        AssertCursors(sequence, 1, 3);
        KvStep disposed = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        disposed.Dispose();
        Assert.Throws<InvalidOperationException>(disposed.Complete);
        AssertCursors(sequence, 1, 3);
    }

    [Fact]
    public void A_stale_step_cannot_touch_the_next_one()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 3));
        KvStep stale = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        stale.Complete();
        using KvStep current = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        AssertEnded(stale);
        stale.Dispose();
        Assert.True(current.IsOpen);
        AssertCursors(sequence, 1, 3);
        current.Complete();
        AssertCursors(sequence, 2, 3);
    }

    [Fact]
    public void The_default_step_is_one_that_has_ended()
    {
        AssertEnded(default);
        default(KvStep).Dispose();
    }

    [Fact]
    public void There_is_one_step_at_a_time()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 3));
        using KvStep step = cache.Allocator.BeginStep([]);
        Assert.Throws<InvalidOperationException>(() => cache.Allocator.BeginStep([]));
        Assert.Throws<InvalidOperationException>(() => cache.Allocator.BeginStep([new KvRow(sequence, 3)]));
        Assert.True(step.IsOpen);
        sequence.Truncate(2);
        step.Complete();
        cache.Compute(sequence);
        AssertCursors(sequence, 2, 2);
    }

    [Fact]
    public void There_is_no_layer_below_zero_or_beyond_the_last()
    {
        CacheFixture cache = Create();
        using KvStep step = cache.Allocator.BeginStep([]);
        foreach (int layer in (int[])[-1, cache.Layers, int.MinValue, int.MaxValue])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => step.Enter(layer));
            Assert.Throws<ArgumentOutOfRangeException>(() => step.Leave(layer));
        }

        for (int layer = 0; layer < cache.Layers; layer++)
        {
            Assert.Equal(layer, step.Enter(layer).Layer);
            step.Leave(layer);
        }
    }

    [Fact]
    public void A_sequence_in_an_open_step_is_neither_truncated_nor_forked()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 9));
        KvSequence idle = cache.OpenComputed(Run(50, 9));
        KvRow[] rows = [new KvRow(sequence, 9)];
        KvStep step = cache.Allocator.BeginStep(rows);
        Assert.Throws<InvalidOperationException>(() => sequence.Truncate(9));
        Assert.Throws<InvalidOperationException>(() => sequence.TryFork(2, out _, out _));
        cache.Fork(idle, 7);
        idle.Truncate(3);
        cache.Write(step, rows);
        step.Complete();
        cache.VerifyAll();
        sequence.Truncate(7);
        cache.Fork(sequence, 7);
        cache.VerifyAll();
    }

    [Fact]
    public void A_sequence_in_an_open_step_still_grows()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 6));
        KvSequence shared = cache.OpenComputed(Run(50, 6));
        cache.Fork(shared, 6);
        KvRow[] rows = [new KvRow(sequence, 6), new KvRow(shared, 0)];
        KvStep step = cache.Allocator.BeginStep(rows);
        cache.Append(sequence, Run(6, 20));
        cache.Append(shared, 60);
        Assert.True(sequence.TryReserve(28, out _));
        KvSequence opened = cache.Open(Run(90, 5));
        Assert.Equal([6, 6], step.Enter(0).Lengths.ToArray());
        cache.Write(step, rows);
        step.Complete();
        AssertCursors(sequence, 6, 26);
        AssertCursors(shared, 6, 7);
        cache.Compute(sequence, shared, opened);
        cache.VerifyAll();
    }

    private static void AssertEnded(KvStep step)
    {
        Assert.False(step.IsOpen);
        Assert.Throws<InvalidOperationException>(() => step.RowCount);
        Assert.Throws<InvalidOperationException>(() => step.TokenCount);
        Assert.Throws<InvalidOperationException>(() => step.Enter(0));
        Assert.Throws<InvalidOperationException>(() => step.Leave(0));
        Assert.Throws<InvalidOperationException>(step.Complete);
        Assert.Throws<InvalidOperationException>(() => step.Complete(default));
    }
}
