using KvCache.Diagnostics;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class EventThreadsTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(100_000)]
    public void A_reader_on_another_thread_sees_ascending_numbers_and_every_gap_is_marked(int capacity)
    {
        using Stage stage = new(blocks: 50, blockTokens: 1, eventCapacity: capacity);
        KvEventStream stream = stage.Allocator.Events!;
        using CancellationTokenSource done = new();
        List<KvCacheEvent> seen = [];
        Thread reader = new(() =>
        {
            while (!done.IsCancellationRequested)
            {
                seen.AddRange(EventReader.ReadAll(stream));
                _ = stage.Allocator.Usage;
            }
        });
        reader.Start();
        for (int round = 0; round < 500; round++)
        {
            stage.RunAndFinish(Stage.Tokens(round * 3, 40));
        }

        done.Cancel();
        reader.Join();
        seen.AddRange(EventReader.ReadAll(stream));
        AssertGapsAreMarked(seen);
        Assert.Equal(stream.NextSequenceNumber - 1, seen[^1].SequenceNumber);
    }

    private static void AssertGapsAreMarked(List<KvCacheEvent> seen)
    {
        long last = -1;
        foreach (KvCacheEvent next in seen)
        {
            if (next.Kind == KvCacheEventKind.Resynchronize)
            {
                Assert.True(next.SequenceNumber > last);
            }
            else
            {
                Assert.Equal(last + 1, next.SequenceNumber);
            }

            last = next.SequenceNumber;
        }
    }
}
