using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Too long for ever, or too much for now.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void What_can_never_fit_is_too_long_and_what_cannot_now_is_out_of_memory()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 4 });
        KvSequence first = cache.Open(Run(0, 8));
        AssertOpenRefused(cache, Run(0, 17), 0, KvRefusal.TooLong);
        AssertOpenRefused(cache, Run(0, 2), 17, KvRefusal.TooLong);
        AssertOpenRefused(cache, Run(0, 9), 0, KvRefusal.OutOfDeviceMemory);
        AssertOpenRefused(cache, Run(0, 2), 9, KvRefusal.OutOfDeviceMemory);
        KvSequence second = cache.Open(Run(50, 1));
        Assert.False(first.TryReserve(17, out KvRefusal refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(first.TryReserve(int.MaxValue, out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(first.TryReserve(16, out refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.False(first.TryAppend(Run(0, 9), out refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.False(first.TryAppend(Run(0, 5), out refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        second.Dispose();
        Assert.True(first.TryReserve(16, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    public void No_sequence_is_longer_than_the_allocators_limit(int limit)
    {
        CacheFixture cache = Create(new ContractSetup { MaxSequenceTokens = limit });
        AssertOpenRefused(cache, Run(0, limit + 1), 0, KvRefusal.TooLong);
        AssertOpenRefused(cache, [1], limit + 1, KvRefusal.TooLong);
        KvSequence sequence = cache.Open([0]);
        for (int token = 1; token < limit; token++)
        {
            cache.Append(sequence, token);
        }

        CacheSnapshot before = cache.Snapshot();
        Assert.False(sequence.TryAppend([limit], out KvRefusal refusal));
        Assert.Equal(KvRefusal.TooLong, refusal);
        Assert.Equal(before, cache.Snapshot());
    }

    private static void AssertOpenRefused(CacheFixture cache, int[] prompt, int reserve, KvRefusal expected)
    {
        CacheSnapshot before = cache.Snapshot(prompt);
        Assert.Equal(expected, cache.Allocator.Probe(prompt, null, reserve).Refusal);
        Assert.False(cache.Allocator.TryOpen(prompt, null, reserve, out KvSequence? sequence, out KvRefusal refusal));
        Assert.Null(sequence);
        Assert.Equal(expected, refusal);
        Assert.Equal(before, cache.Snapshot(prompt));
    }
}
