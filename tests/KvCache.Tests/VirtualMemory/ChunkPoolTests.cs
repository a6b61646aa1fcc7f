using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.VirtualMemory;

public class ChunkPoolTests
{
    private readonly ChunkPool _pool = new(64);

    [Fact]
    public void A_run_is_continued_and_another_begins_in_a_gap_of_its_own()
    {
        int[] first = Take(-1, 3);
        int[] second = Take(-1, 2);
        Assert.Equal([0, 1, 2], first);
        Assert.Equal([8, 9], second);
        Assert.Equal([3, 4, 5, 6, 7], Take(2, 5));
        Assert.Equal([10], Take(9, 1));

        // What would continue is taken: on in the next gap.
        Assert.Equal([16, 17], Take(7, 2));
        Check();
    }

    [Fact]
    public void A_long_run_is_taken_where_it_fits()
    {
        int[] low = Take(-1, 1);
        Take(-1, 1);
        Assert.Equal(Enumerable.Range(16, 48), Take(-1, 48));
        _pool.Release(low);
        Assert.Equal(15, _pool.Available);
        Assert.Equal([0, .. Enumerable.Range(1, 7), .. Enumerable.Range(9, 7)], Take(-1, 15).Order());
        Check();
    }

    [Fact]
    public void Created_ones_are_taken_first_and_continued_by_others()
    {
        int[] old = Take(-1, 12);
        _pool.SetCreated(old);
        _pool.Release(old.AsSpan(4, 4));
        Assert.Equal((4, 12, 8), (_pool.Idle, _pool.Created, _pool.Used));

        int[] chunks = new int[6];
        Assert.True(_pool.TryTake(3, chunks, out int idle));

        Assert.Equal(4, idle);
        Assert.Equal([4, 5, 6, 7], chunks[..4]);
        Assert.Equal([16, 17], chunks[4..]);
        Assert.All(chunks[..4], chunk => Assert.True(_pool.IsCreated(chunk)));
        Assert.All(chunks[4..], chunk => Assert.False(_pool.IsCreated(chunk)));
        Check();
    }

    [Fact]
    public void Taking_too_many_takes_none()
    {
        Take(-1, 60);
        int[] chunks = new int[5];
        Assert.False(_pool.TryTake(59, chunks, out int idle));
        Assert.Equal(new int[5], chunks);
        Assert.Equal((0, 4, 60), (idle, _pool.Available, _pool.Used));
        Assert.True(_pool.TryTake(59, [], out _));
        Check();
    }

    [Fact]
    public void A_shared_chunk_is_free_when_its_last_user_lets_go()
    {
        int[] chunks = Take(-1, 2);
        _pool.SetCreated(chunks);
        _pool.AddUser(chunks);
        Assert.Equal(2, _pool.Users(chunks[0]));
        Assert.Equal(0, _pool.Release(chunks));
        Assert.Equal((2, 0), (_pool.Used, _pool.Idle));
        Assert.Equal(2, _pool.Release(chunks));
        Assert.Equal((0, 2, 64), (_pool.Used, _pool.Idle, _pool.Available));
        Assert.Contains("1", Assert.Throws<InvalidOperationException>(() => _pool.Release([1])).Message);
        Assert.Contains("1", Assert.Throws<InvalidOperationException>(() => _pool.AddUser([1])).Message);
        Check();
    }

    [Fact]
    public void Chunks_destroyed_are_absent()
    {
        int[] chunks = Take(-1, 5);
        _pool.SetCreated(chunks);
        _pool.Release(chunks.AsSpan(1));
        int[] gone = new int[10];
        Assert.Equal(4, _pool.TakeIdle(gone));
        Assert.Equal([1, 2, 3, 4], gone[..4].Order());
        _pool.SetDestroyed(gone.AsSpan(0, 4));
        Assert.Equal((1, 0, 63), (_pool.Created, _pool.Idle, _pool.Available));
        Check();
    }

    [Theory]
    [InlineData(8192, 5)]
    [InlineData(5000, 2)]
    [InlineData(3001, 1)]
    public void Random_use_keeps_the_books_and_few_runs(int capacity, double chunksPerRun)
    {
        const int Sequences = 64;
        ChunkPool pool = new(capacity);
        Random random = new(7);
        List<int>[] sequences = [.. Enumerable.Range(0, Sequences).Select(_ => new List<int>())];
        for (int turn = 0; turn < 50_000; turn++)
        {
            List<int> sequence = sequences[random.Next(Sequences)];
            if (sequence.Count > 0 && random.Next(48) == 0)
            {
                pool.Release(sequence.ToArray());
                sequence.Clear();
                continue;
            }

            int[] chunks = new int[random.Next(20) == 0 ? random.Next(1, 24) : 1];
            if (!pool.TryTake(sequence.Count > 0 ? sequence[^1] : -1, chunks, out int idle))
            {
                Assert.True(pool.Available < chunks.Length);
                continue;
            }

            Assert.True(chunks[..idle].All(pool.IsCreated) && !chunks[idle..].Any(pool.IsCreated));
            pool.SetCreated(chunks);
            sequence.AddRange(chunks);
        }

        List<string> faults = [];
        pool.FindFaults(faults);
        Assert.Empty(faults);
        int used = sequences.Sum(static sequence => sequence.Count);
        Assert.Equal(used, pool.Used);
        Assert.Equal(used, sequences.SelectMany(static sequence => sequence).Distinct().Count());
        int runs = sequences.Sum(static sequence => sequence.Where((chunk, i) => i == 0 || sequence[i - 1] + 1 != chunk).Count());
        Assert.True(runs * chunksPerRun <= used, $"{used} chunks of {capacity} lie in {runs} runs.");
    }

    private int[] Take(int previous, int count)
    {
        int[] chunks = new int[count];
        Assert.True(_pool.TryTake(previous, chunks, out _));
        return chunks;
    }

    private void Check()
    {
        List<string> faults = [];
        _pool.FindFaults(faults);
        Assert.Empty(faults);
    }
}
