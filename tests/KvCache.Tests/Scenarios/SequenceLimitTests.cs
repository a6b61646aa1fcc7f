using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Scenarios;

public class SequenceLimitTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(40)]
    public void No_verb_makes_a_sequence_longer_than_the_limit(int limit)
    {
        using Stage stage = Make(limit);
        int[] tooMany = Stage.Tokens(0, limit + 1);
        Assert.Equal(KvRefusal.TooLong, stage.Allocator.Probe(tooMany, null, 0).Refusal);
        Assert.False(stage.Allocator.TryOpen(tooMany, null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(stage.Allocator.TryOpen([1], null, limit + 1, out _, out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);

        KvSequence sequence = stage.Open(tooMany.AsSpan(0, limit));
        Assert.Equal((limit, limit), (sequence.Length, sequence.Capacity));
        Assert.False(sequence.TryAppend([1], out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(sequence.TryReserve(limit + 1, out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(sequence.TryReserve(int.MaxValue, out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.True(sequence.TryReserve(limit, out _));
        Assert.Equal((limit, limit), (sequence.Length, sequence.Capacity));
    }

    [Fact]
    public void A_prompt_beyond_the_limit_can_be_opened_in_part()
    {
        using Stage stage = Make(20);
        KvSequence sequence = stage.Open(Stage.Tokens(0, 100), reserve: 20);
        Assert.Equal((20, 20), (sequence.Length, sequence.Capacity));
        Assert.True(sequence.TryFork(20, out KvSequence? fork, out _));
        Assert.Equal(20, fork.Capacity);
        sequence.Truncate(17);
        Assert.True(sequence.TryAppend([1, 2, 3], out _));
        Assert.False(sequence.TryAppend([4], out _));
    }

    private static Stage Make(int limit) => new(new PagedKvAllocatorOptions
    {
        Geometry = Stage.Geometry,
        BlockCount = 100,
        MaxSequenceTokens = limit,
    });
}
