using KvCache.Paged;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Ledger;

/// <summary>Memory given back while work may read it is handed on only after that work's fence.</summary>
public class FencedReleaseTests
{
    private readonly ManualDevice _device = new();

    [Fact]
    public void A_sequence_disposed_during_a_step_keeps_its_blocks_until_the_steps_fence()
    {
        using Stage stage = Make(blocks: 2);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 20));
        KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, 20)]);
        sequence.Dispose();
        Assert.Equal(2, stage.Allocator.Usage.InTransferBlocks);
        stage.Allocator.CheckIntegrity();
        step.Complete();
        AssertRefused(stage);
        _device.PassAll();
        Assert.Equal([1, 0], Stage.Blocks(stage.Open(Stage.Tokens(50, 32))));
    }

    [Fact]
    public void A_sequence_disposed_after_a_step_keeps_its_blocks_until_the_steps_fence()
    {
        using Stage stage = Make(blocks: 2);
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 20));
        sequence.Dispose();
        AssertRefused(stage);
        Assert.Equal(new KvUsage(2, 0, 0, 2, 0, 256), stage.Allocator.Usage);
        Assert.False(stage.Allocator.TryClear());
        Assert.Equal(0, stage.Allocator.Trim(long.MaxValue));
        _device.PassAll();
        Assert.True(stage.Allocator.TryClear());
        Assert.Equal(2, stage.Allocator.Usage.FreeBlocks);
    }

    [Fact]
    public void A_foreign_fence_given_on_completion_is_the_one_that_counts()
    {
        using Stage stage = Make(blocks: 2);
        ManualDevice elsewhere = new();
        KvSequence sequence = stage.Open(Stage.Tokens(0, 20));
        KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, 20)]);
        step.Complete(elsewhere.RecordFence());
        _device.PassAll();
        sequence.Dispose();
        AssertRefused(stage);
        elsewhere.PassAll();
        Assert.True(stage.Allocator.TryOpen(Stage.Tokens(50, 32), null, 0, out _, out _));
    }

    [Fact]
    public void Truncated_blocks_wait_and_a_cached_block_in_transfer_can_be_hit()
    {
        using Stage stage = Make(blocks: 3);
        int[] prompt = Stage.Tokens(0, 40);
        KvSequence sequence = stage.Prefill(prompt);
        sequence.Truncate(16);
        Assert.Equal((1, 2), (stage.Allocator.Usage.OwnedBlocks, stage.Allocator.Usage.InTransferBlocks));
        KvAdmission probe = stage.Allocator.Probe(prompt, null, 0);
        Assert.Equal(new KvAdmission(KvRefusal.OutOfDeviceMemory, 32, 1, 0), probe);
        KvSequence hit = stage.Open(prompt.AsSpan(0, 33), reserve: 32);
        Assert.Equal((32, 32), (hit.HitLength, hit.Length));
        Assert.Equal((2, 1), (stage.Allocator.Usage.OwnedBlocks, stage.Allocator.Usage.InTransferBlocks));
        hit.Dispose();
        _device.PassAll();
        Assert.Equal([2, 1], stage.FreeOrder());
    }

    [Fact]
    public void Whoever_gives_back_first_is_evicted_first_even_when_its_fence_passed_unnoticed()
    {
        using Stage stage = Make(blocks: 2);
        KvSequence first = stage.Open([1]);
        KvSequence second = stage.Open([2]);
        stage.Compute(first, second);
        first.Dispose();
        _device.PassAll();
        second.Dispose();
        Assert.Equal([0, 1], stage.FreeOrder());
    }

    [Fact]
    public void A_block_that_running_work_still_reads_is_copied_before_a_write()
    {
        using Stage stage = Make(blocks: 4);
        KvSequence parent = stage.Prefill(Stage.Tokens(0, 20));
        Assert.True(parent.TryFork(20, out KvSequence? child, out _));
        stage.Compute(child);
        child.Dispose();
        Assert.True(parent.TryAppend([9], out _));
        Assert.NotEqual(1, Stage.Blocks(parent)[1]);
        _device.PassAll();
    }

    [Fact]
    public void Disposing_the_allocator_waits_for_the_last_step()
    {
        Stage stage = Make(blocks: 2);
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 20));
        stage.Dispose();
        Assert.True(_device.LastFence.HasPassed);
        Assert.True(_device.Waits > 0);
        Assert.True(sequence.IsDisposed);
    }

    [Fact]
    public void A_failed_copy_is_a_refusal_and_gives_every_block_back()
    {
        using Stage stage = Make(blocks: 8);
        KvSequence parent = stage.Prefill(Stage.Tokens(0, 20));
        Assert.True(parent.TryFork(20, out KvSequence? child, out _));
        _device.PassAll();
        _device.FailCopies = true;
        Assert.False(child.TryAppend(Stage.Tokens(100, 30), out KvRefusal refusal));
        Assert.Equal(KvRefusal.TransferFailed, refusal);
        Assert.Equal([0, 1], Stage.Blocks(child));
        Assert.Equal((20, 32, 2), (child.Length, child.Capacity, stage.Allocator.Usage.OwnedBlocks));
        Assert.False(child.TryAppend([1], out refusal));
        _device.FailCopies = false;
        Assert.True(child.TryAppend(Stage.Tokens(100, 30), out _));
        _device.PassAll();
    }

    private Stage Make(int blocks) => new(new PagedKvAllocatorOptions
    {
        Geometry = Stage.Geometry,
        Device = _device,
        BlockCount = blocks,
    });

    private static void AssertRefused(Stage stage)
    {
        Assert.False(stage.Allocator.TryOpen(Stage.Tokens(50, 32), null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.True(stage.Allocator.Usage.InTransferBlocks > 0);
    }
}
