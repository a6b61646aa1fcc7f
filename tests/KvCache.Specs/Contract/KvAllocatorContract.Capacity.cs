using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Reserving, lookahead, chunks of a prompt, rollback.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Reserving_makes_room_and_nothing_else()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 6));
        Assert.True(sequence.TryReserve(21, out KvRefusal refusal));
        Assert.Equal(KvRefusal.None, refusal);
        AssertCursors(sequence, 6, 6);
        Assert.True(sequence.Capacity >= 21);
        cache.Verify(sequence);
    }

    [Fact]
    public void Reserving_less_than_the_capacity_asks_for_nothing()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 6), reserve: 20);
        cache.FillUp();
        CacheSnapshot before = cache.Snapshot();
        for (int capacity = 0; capacity <= 20; capacity++)
        {
            Assert.True(sequence.TryReserve(capacity, out _));
        }

        Assert.Equal(before, cache.Snapshot());
    }

    [Fact]
    public void Lookahead_is_appended_to_without_taking_more_memory()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 3), reserve: 20);
        Assert.True(sequence.Capacity >= 20);
        AssertCursors(sequence, 0, 3);
        cache.FillUp();
        int owned = cache.Usage.OwnedBlocks;
        for (int token = 3; token < 20; token++)
        {
            cache.Append(sequence, token);
            cache.Compute(sequence);
        }

        Assert.Equal(owned, cache.Usage.OwnedBlocks);
        cache.Verify(sequence);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(8)]
    [InlineData(21)]
    public void A_reserve_below_the_prompt_takes_in_a_part_and_the_rest_comes_in_chunks(int reserve)
    {
        CacheFixture cache = Create();
        int[] prompt = Run(0, 22);
        KvSequence sequence = cache.Open(prompt, reserve: reserve);
        AssertCursors(sequence, 0, reserve);
        Assert.Equal(prompt[..reserve], cache.Tokens(sequence));
        cache.Compute(sequence);
        while (sequence.Length < prompt.Length)
        {
            int next = Math.Min(5, prompt.Length - sequence.Length);
            cache.Append(sequence, prompt.AsSpan(sequence.Length, next));
            cache.Compute(sequence);
        }

        Assert.Equal(prompt, cache.Tokens(sequence));
        cache.Verify(sequence);
    }

    [Fact]
    public void A_reserve_below_the_prompt_never_cuts_the_cached_prefix()
    {
        CacheFixture cache = Create();
        cache.OpenComputed(Run(0, 12));
        KvSequence sequence = cache.Open(Run(0, 22), reserve: 3);
        Assert.Equal(12, sequence.HitLength);
        AssertCursors(sequence, 12, 12);
        cache.Verify(sequence);
    }

    [Fact]
    public void Rejected_drafts_are_rolled_back()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 6));
        for (int round = 0; round < 10; round++)
        {
            int length = sequence.Length;
            cache.Append(sequence, Run(1000 * (round + 1), 5));
            cache.Compute(sequence);
            sequence.Truncate(length + 2);
            AssertCursors(sequence, length + 2, length + 2);
            cache.Verify(sequence);
        }

        Assert.Equal(1, cache.Usage.OpenSequences);
    }

    [Fact]
    public void Truncating_gives_back_what_no_longer_holds_a_token()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.OpenComputed(Run(0, 30));
        sequence.TryReserve(40, out _);
        int owned = cache.Usage.OwnedBlocks;
        sequence.Truncate(30);
        AssertCursors(sequence, 30, 30);
        Assert.True(cache.Usage.OwnedBlocks < owned, "Truncating to the length gives lookahead back.");
        cache.Verify(sequence);
        sequence.Truncate(0);
        AssertCursors(sequence, 0, 0);
        cache.Settle();
        Assert.Equal(0, cache.Usage.OwnedBlocks);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(7, 7)]
    [InlineData(9, 7)]
    [InlineData(11, 7)]
    public void Truncating_lowers_the_computed_cursor_only_where_it_must(int length, int computed)
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 11));
        cache.Compute(sequence, 7);
        sequence.Truncate(length);
        AssertCursors(sequence, computed, length);
        cache.Append(sequence, Run(90, 4));
        cache.Compute(sequence);
        cache.Verify(sequence);
    }
}
