using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// A sequence is the handle. Writable: positions not computed yet; complete and registered: one step of completing,
/// because a full block is published by the step that fills it. A weak handle is a prompt that still finds its blocks.
/// </summary>
public class Scenario28_BlockStatesAsHandles
{
    public static TheoryData<int> BlockSizes => [.. Enumerable.Range(0, 11).Select(power => 1 << power)];

    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void Scenario28_1_a_block_keeps_its_id_and_size_from_writable_to_registered(int blockTokens)
    {
        using Stage stage = new(blocks: 4, blockTokens);
        KvSequence sequence = stage.Open(Stage.Tokens(0, blockTokens));
        int[] writable = Stage.Blocks(sequence);
        Assert.True(stage.Pool.IsWritable(writable[0]));
        stage.Compute(sequence);
        Assert.Equal(writable, Stage.Blocks(sequence));
        Assert.True(stage.Pool.IsPublished(writable[0]));
        Assert.False(stage.Pool.IsWritable(writable[0]));
        Assert.Equal(blockTokens, sequence.Capacity);
        Assert.Equal(blockTokens * Stage.Geometry.BytesPerToken, stage.Allocator.Usage.OwnedBytes);
        sequence.Dispose();
        using KvSequence again = stage.Open(Stage.Tokens(0, blockTokens + 1));
        Assert.Equal(writable[0], Stage.Blocks(again)[0]);
    }

    [Theory]
    [InlineData(17)]
    [InlineData(-1)]
    public void Scenario28_2_completing_a_wrong_number_of_tokens_fails_and_leaves_the_block_writable(int tokens)
    {
        using Stage stage = new(blocks: 4);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 16));
        Assert.Throws<ArgumentOutOfRangeException>(
            "rows", () => stage.Allocator.BeginStep([new KvRow(sequence, tokens)]));
        Assert.True(stage.Pool.IsWritable(0));
        stage.Compute(sequence);
        Assert.True(stage.Pool.IsPublished(0));
    }

    [Fact]
    public void Scenario28_3_dropped_blocks_are_handed_out_in_the_order_in_which_they_were_dropped()
    {
        using Stage stage = new(blocks: 8);
        KvSequence[] all = [.. Enumerable.Range(0, 8).Select(i => stage.Open([i]))];
        foreach (int odd in new[] { 1, 3, 5, 7 })
        {
            all[odd].Dispose();
        }

        Assert.Equal([1, 3, 5, 7], Stage.Blocks(stage.Open(Stage.Tokens(0, 64))));
    }

    [Fact]
    public void Scenario28_4_an_idle_block_can_be_revived_until_it_is_evicted()
    {
        using Stage stage = new(blocks: 2);
        int[] weak = [.. Stage.Tokens(0, 16), 1];
        stage.RunAndFinish(weak.AsSpan(0, 16));
        Assert.True(stage.Pool.IsUnowned(0));
        using (KvSequence strong = stage.Open(weak))
        {
            Assert.Equal(16, strong.HitLength);
            Assert.False(stage.Pool.IsUnowned(0));
        }

        stage.Open(Stage.Tokens(500, 32)).Dispose();
        Assert.Equal(0, stage.Hit(weak));
    }

    [Fact]
    public void Scenario28_5_a_duplicate_gives_way_to_the_registered_block_and_its_memory_returns()
    {
        using Stage stage = new(blocks: 8);
        int[] x = Stage.Tokens(0, 16);
        KvSequence first = stage.Open(x);
        KvSequence second = stage.Open(x);
        Assert.Equal([1], Stage.Blocks(second));
        Tagged.Compute(stage.Allocator, first, writer: 1);
        Tagged.Compute(stage.Allocator, second, writer: 2);

        Assert.Equal([0], Stage.Blocks(second));
        Assert.Equal(2, stage.Pool.ReferenceCount(0));
        Assert.Equal([2, 3, 4, 5, 6, 7, 1], stage.FreeOrder());
        Assert.Equal(1, stage.Index.Contents.Count);
        Tagged.Verify(stage.Allocator, second, writer: 1);
        first.Dispose();
        Tagged.Verify(stage.Allocator, second, writer: 1);
    }

    [Fact]
    public void Scenario28_6_asking_for_more_than_is_available_takes_none()
    {
        using Stage stage = new(blocks: 8);
        KvSequence held = stage.Prefill(Stage.Tokens(0, 80));
        int[] order = stage.FreeOrder();
        Assert.False(stage.Allocator.TryOpen(Stage.Tokens(500, 64), null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.False(held.TryReserve(144, out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        using KvSequence other = stage.Open([1]);
        Assert.False(held.TryReserve(128, out refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.Equal(order[1..], stage.FreeOrder());
        Assert.Equal((80, 80), (held.Length, held.Capacity));
    }

    [Fact]
    public void Scenario28_8_a_handle_whose_state_has_moved_on_is_an_error_not_a_second_release()
    {
        using Stage stage = new(blocks: 8);
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 20));
        KvSequence other = stage.Open(Stage.Tokens(0, 20));
        sequence.Dispose();

        Assert.Throws<ObjectDisposedException>(() => sequence.TryAppend([1], out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryReserve(1, out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.Truncate(0));
        Assert.Throws<ObjectDisposedException>(() => sequence.TryFork(0, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => sequence.CopyTokens(0, new int[1]));
        Assert.Throws<ObjectDisposedException>(() => stage.Allocator.BeginStep([new KvRow(sequence, 0)]));
        Assert.Equal([1, 1], Stage.Blocks(other).Select(stage.Pool.ReferenceCount));
        Assert.Equal(1, stage.Allocator.Usage.OpenSequences);
    }
}
