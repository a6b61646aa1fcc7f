using Xunit;

namespace KvCache.Specs.Contract;

/// <content>The three cursors and the verbs that move them.</content>
public abstract partial class KvAllocatorContract
{
    public static TheoryData<int> BlockSizes { get; } = [1, 2, 3, 16, 64];

    [Fact]
    public void A_new_sequence_has_its_prompt_and_nothing_computed()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 6));
        AssertCursors(sequence, 0, 6);
        Assert.Equal(0, sequence.HitLength);
        Assert.Same(cache.Allocator, sequence.Allocator);
        Assert.Equal(Run(0, 6), cache.Tokens(sequence));
        Assert.Equal(1, cache.Usage.OpenSequences);
        Assert.False(sequence.IsDisposed);
    }

    [Fact]
    public void An_empty_prompt_opens_an_empty_sequence_that_can_grow()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open([]);
        AssertCursors(sequence, 0, 0);
        cache.Append(sequence, Run(0, 9));
        cache.Compute(sequence);
        AssertCursors(sequence, 9, 9);
        cache.Verify(sequence);
    }

    [Theory]
    [MemberData(nameof(BlockSizes))]
    public void A_sequence_lives_its_whole_life_at_every_block_size(int blockTokens)
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = blockTokens, BlockCount = 400 / blockTokens });
        KvSequence sequence = cache.Open(Run(0, 70));
        cache.Compute(sequence, 1);
        cache.Compute(sequence, 64);
        AssertCursors(sequence, 65, 70);
        cache.Compute(sequence);
        for (int token = 70; token < 140; token++)
        {
            cache.Append(sequence, token);
            cache.Compute(sequence);
        }

        cache.Verify(sequence);
        sequence.Truncate(97);
        AssertCursors(sequence, 97, 97);
        cache.Append(sequence, Run(500, 40));
        cache.Compute(sequence);
        AssertCursors(sequence, 137, 137);
        Assert.Equal([.. Run(0, 97), .. Run(500, 40)], cache.Tokens(sequence));
        cache.Verify(sequence);
    }

    [Fact]
    public void A_pool_of_one_block_holds_one_sequence_of_one_block()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 1 });
        KvSequence sequence = cache.OpenComputed(Run(0, 3));
        Assert.False(cache.Allocator.TryOpen([7], null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        cache.Append(sequence, 3);
        cache.Compute(sequence);
        Assert.False(sequence.TryAppend([4], out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        cache.Verify(sequence);
        sequence.Dispose();
        cache.Verify(cache.OpenComputed(Run(50, 4)));
    }

    [Fact]
    public void Appending_nothing_changes_nothing()
    {
        CacheFixture cache = Create();
        cache.OpenComputed(Run(0, 6));
        KvSequence sequence = cache.Open(Run(0, 6));
        CacheSnapshot before = cache.Snapshot();
        Assert.True(sequence.TryAppend([], out KvRefusal refusal));
        Assert.Equal(KvRefusal.None, refusal);
        Assert.Equal(before, cache.Snapshot());
    }

    [Fact]
    public void Tokens_can_be_copied_out_from_any_position()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(100, 11));
        for (int start = 0; start <= 11; start++)
        {
            for (int count = 0; start + count <= 11; count++)
            {
                int[] tokens = new int[count];
                sequence.CopyTokens(start, tokens);
                Assert.Equal(Run(100 + start, count), tokens);
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.CopyTokens(-1, new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.CopyTokens(12, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.CopyTokens(5, new int[7]));
    }

    [Fact]
    public void Arguments_out_of_range_are_refused_by_exception_and_change_nothing()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 6));
        CacheSnapshot before = cache.Snapshot();
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Allocator.TryOpen([1], null, -1, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Allocator.Probe([1], null, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Allocator.Trim(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.TryReserve(-1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Truncate(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Truncate(7));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.TryFork(-1, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.TryFork(7, out _, out _));
        Assert.Equal(before, cache.Snapshot());
    }
}
