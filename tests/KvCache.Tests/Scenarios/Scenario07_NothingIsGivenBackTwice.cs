using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// A caller cannot name a block, so that the test is a second dispose; there is no null block. Inside the ledger a
/// release without an owner is a broken invariant and reported as an error.
/// </summary>
public class Scenario07_NothingIsGivenBackTwice
{
    [Fact]
    public void A_second_dispose_does_nothing_even_when_others_own_the_blocks()
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, 32);
        KvSequence a = stage.Prefill(prompt);
        Assert.True(a.TryFork(32, out KvSequence? fork, out _));

        a.Dispose();
        a.Dispose();
        Assert.Equal([1, 1], Stage.Blocks(fork).Select(stage.Pool.ReferenceCount));
        fork.Dispose();
        fork.Dispose();
        a.Dispose();
        Assert.Equal([0, 0], new[] { 0, 1 }.Select(stage.Pool.ReferenceCount));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9, 1, 0], stage.FreeOrder());
        Assert.Equal(0, stage.Allocator.Usage.OpenSequences);
    }

    [Fact]
    public void Draining_the_pool_yields_every_id_once()
    {
        using Stage stage = new(blocks: 10);
        KvSequence a = stage.Prefill(Stage.Tokens(0, 40));
        KvSequence b = stage.Prefill(Stage.Tokens(0, 50));
        a.Dispose();
        a.Dispose();
        b.Dispose();
        KvSequence all = stage.Open(Stage.Tokens(900, 160));
        Assert.Equal(Enumerable.Range(0, 10), Stage.Blocks(all).Order());
    }

    [Fact]
    public void A_block_with_two_owners_listed_twice_loses_both_and_with_one_owner_is_an_error()
    {
        BlockPool pool = new(4, new LeastRecentlyUsed());
        Assert.True(pool.TryTake(new int[2]));
        pool.AddReference([0]);
        pool.Release([0, 0]);
        Assert.Equal([0], pool.Idle.ToArray());

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => pool.Release([1, 1]));
        Assert.Equal("Block 1 is released, but nobody owns it.", error.Message);
        error = Assert.Throws<InvalidOperationException>(() => pool.Retire(1));
        Assert.Equal("Block 1 is released, but nobody owns it.", error.Message);
    }
}
