using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Bad rows: the exact exception, and no trace of the attempt.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void A_row_without_a_sequence_is_refused() =>
        AssertRowsRefused<ArgumentException>(static (_, good) => [good, default]);

    [Fact]
    public void A_row_of_another_allocator_is_refused() =>
        AssertRowsRefused<ArgumentException>((_, good) => [good, new KvRow(Create().Open(Run(0, 3)), 1)]);

    [Fact]
    public void A_disposed_row_is_refused() => AssertRowsRefused<ObjectDisposedException>(static (cache, good) =>
    {
        KvSequence disposed = cache.Open(Run(80, 3));
        disposed.Dispose();
        return [good, new KvRow(disposed, 1)];
    });

    [Fact]
    public void A_disposed_row_of_another_allocator_is_refused() => AssertRowsRefused<ObjectDisposedException>((_, good) =>
    {
        KvSequence disposed = Create().Open(Run(0, 3));
        disposed.Dispose();
        return [good, new KvRow(disposed, 1)];
    });

    [Fact]
    public void A_sequence_in_two_rows_is_refused() =>
        AssertRowsRefused<ArgumentException>(static (_, good) => [good, new KvRow(good.Sequence, 1)]);

    [Fact]
    public void A_sequence_in_two_distant_rows_is_refused() => AssertRowsRefused<ArgumentException>(static (cache, good) =>
        [good, new KvRow(cache.Open(Run(80, 3)), 1), new KvRow(cache.Open(Run(90, 3)), 3), new KvRow(good.Sequence, 0)]);

    [Theory]
    [InlineData(-1)]
    [InlineData(4)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void A_token_count_beyond_what_is_not_computed_yet_is_refused(int count)
    {
        AssertRowsRefused<ArgumentOutOfRangeException>((cache, good) => [good, new KvRow(cache.Open(Run(80, 3)), count)]);
        AssertRowsRefused<ArgumentOutOfRangeException>((cache, good) => [new KvRow(cache.Open(Run(80, 3)), count), good]);
    }

    [Fact]
    public void A_row_that_has_been_computed_has_nothing_left() => AssertRowsRefused<ArgumentOutOfRangeException>(
        static (cache, good) => [good, new KvRow(cache.OpenComputed(Run(80, 3)), 1)]);

    private void AssertRowsRefused<TException>(Func<CacheFixture, KvRow, KvRow[]> makeRows)
        where TException : Exception
    {
        CacheFixture cache = Create();
        KvSequence good = cache.Open(Run(0, 6));
        cache.Compute(good, 3);
        KvRow[] rows = makeRows(cache, new KvRow(good, 2));
        CacheSnapshot before = cache.Snapshot();
        Assert.Throws<TException>(() => cache.Allocator.BeginStep(rows));
        Assert.Equal(before, cache.Snapshot());
        foreach (KvRow row in rows.Where(row => row.Sequence is { IsDisposed: false } sequence && sequence.Allocator == cache.Allocator))
        {
            row.Sequence.Truncate(row.Sequence.Length);
        }

        cache.Fork(good, 3);
        cache.Compute(good);
        cache.VerifyAll();
    }
}
