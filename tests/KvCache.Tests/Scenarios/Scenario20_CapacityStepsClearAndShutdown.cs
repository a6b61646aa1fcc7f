using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Suspending and pool groups have no counterpart yet; 28 blocks of 32 tokens stand for the slots.</summary>
public class Scenario20_CapacityStepsClearAndShutdown
{
    private const int Blocks = 28;
    private const int BlockTokens = 32;

    [Fact]
    public void Scenario20_3_growth_token_by_token_is_refused_at_the_first_block_too_many()
    {
        using Stage stage = new(Blocks, BlockTokens);
        KvSequence c = stage.Open([7]);
        for (int capacity = 2; capacity <= Blocks * BlockTokens; capacity++)
        {
            Assert.True(c.TryReserve(capacity, out _));
            Assert.True(c.TryAppend([capacity], out _));
        }

        int[] held = Stage.Blocks(c);
        KvUsage before = stage.Allocator.Usage;
        Assert.False(c.TryReserve((Blocks * BlockTokens) + 1, out KvRefusal refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(c.TryAppend([0], out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.Equal(held, Stage.Blocks(c));
        Assert.Equal(before, stage.Allocator.Usage);
        Assert.Equal((896, 896, 0), (c.Length, c.Capacity, c.ComputedLength));
    }

    [Fact]
    public void A_step_that_others_stand_in_the_way_of_is_refused_and_later_granted()
    {
        using Stage stage = new(Blocks, BlockTokens);
        KvSequence other = stage.Open(Stage.Tokens(0, 32));
        KvSequence c = stage.Open(Stage.Tokens(100, 27 * 32));
        Assert.False(c.TryAppend([1, 2], out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.Equal((864, 864), (c.Length, c.Capacity));
        other.Dispose();
        Assert.True(c.TryAppend([1, 2], out refusal));
        Assert.Equal(KvRefusal.None, refusal);
    }

    [Fact]
    public void Scenario20_4_asking_for_less_never_fails_and_takes_nothing_away()
    {
        using Stage stage = new(Blocks, BlockTokens);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 32), reserve: 320);
        for (int capacity = 320; capacity >= 0; capacity--)
        {
            Assert.True(sequence.TryReserve(capacity, out KvRefusal refusal));
            Assert.Equal(KvRefusal.None, refusal);
            Assert.Equal(320, sequence.Capacity);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Scenario20_6_clear_is_refused_while_sequences_are_open_and_changes_nothing(int open)
    {
        using Stage stage = new(Blocks, BlockTokens, eventCapacity: 100);
        int[] prompt = Stage.Tokens(0, 64);
        stage.RunAndFinish(prompt);
        KvSequence[] sequences = [.. Enumerable.Range(1, open).Select(i => stage.Open(Stage.Tokens(i * 1000, 10)))];

        Assert.False(stage.Allocator.TryClear());
        Assert.Equal(open, stage.Allocator.Usage.OpenSequences);
        Assert.Equal(64, stage.Known(prompt));

        foreach (KvSequence sequence in sequences)
        {
            sequence.Dispose();
        }

        Assert.True(stage.Allocator.TryClear());
        Assert.Equal(0, stage.Known(prompt));
        Assert.Equal(Blocks, stage.Allocator.Usage.FreeBlocks);
        Assert.Empty(stage.Allocator.ListStored());
        stage.RunAndFinish(prompt);
        Assert.Equal(64, stage.Known(prompt));
    }

    /// <summary>Shutting down is disposing: it is not refused, and makes the open sequences stale.</summary>
    [Fact]
    public void Shutdown_makes_open_sequences_stale()
    {
        Stage stage = new(Blocks, BlockTokens);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 10));
        stage.Dispose();
        Assert.True(sequence.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => sequence.TryAppend([1], out _));
        Assert.Throws<ObjectDisposedException>(() => stage.Allocator.TryClear());
        Assert.Throws<ObjectDisposedException>(() => stage.Open([1]));
        stage.Allocator.Dispose();
        sequence.Dispose();
    }
}
