using System.Diagnostics;
using System.Globalization;
using KvCache.Specs;
using Xunit;

namespace KvCache.Tests.Virtual;

/// <summary>Much opening, growing, forking and closing beside a thread that reads what is mapped; longer by <c>KVCACHE_CHURN_SECONDS</c>.</summary>
public sealed class VirtualChurnTests
{
    [Fact]
    public async Task Churn_beside_a_reader_leaves_the_books_and_the_bytes_right()
    {
        TimeSpan length = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("KVCACHE_CHURN_SECONDS") ?? "20", CultureInfo.InvariantCulture));
        using VirtualStage stage = new(groups: 96, change: static options => options with { LookaheadTokens = 4 });
        KvSequence watched = stage.Cache.OpenComputed(VirtualStage.Run(7_000_000, 64));
        using CancellationTokenSource stop = new();
        Task<long> reader = ReadAsync(stage, watched, stop.Token);
        Random random = new(6);
        List<KvSequence> open = [];
        long start = Stopwatch.GetTimestamp();
        int operations = 0;
        while (Stopwatch.GetElapsedTime(start) < length && !reader.IsCompleted)
        {
            Operate(stage, open, random);
            if (++operations % 200 == 0)
            {
                stage.Allocator.CheckIntegrity();
                stage.Cache.Verify([.. open, watched]);
            }
        }

        await stop.CancelAsync();
        Assert.True(await reader > 100, "The reader hardly read.");
        Assert.True(operations > 1000, $"{operations} operations");
        stage.Cache.Verify([.. open, watched]);
        TestContext.Current.TestOutputHelper?.WriteLine($"{operations} operations");
    }

    private static void Operate(VirtualStage stage, List<KvSequence> open, Random random)
    {
        switch (random.Next(8))
        {
            case 0 or 1 when open.Count < 12:
                if (stage.Allocator.TryOpen(VirtualStage.Run(100 * random.Next(6), 1 + random.Next(80)), null, 0, out KvSequence? sequence, out _))
                {
                    open.Add(stage.Cache.Track(sequence, KvNamespace.Default));
                    stage.Cache.Compute(sequence);
                }

                break;
            case 2 when open.Count > 0:
                int closed = random.Next(open.Count);
                open[closed].Dispose();
                open.RemoveAt(closed);
                break;
            case 3 when open.Count is > 0 and < 12:
                KvSequence parent = open[random.Next(open.Count)];
                if (parent.TryFork(random.Next(parent.Length + 1), out KvSequence? child, out _))
                {
                    open.Add(stage.Cache.Track(child, KvNamespace.Default));
                }

                break;
            case 4 when open.Count > 0:
                KvSequence cut = open[random.Next(open.Count)];
                cut.Truncate(random.Next(cut.Length + 1));
                break;
            case 5 when random.Next(20) == 0:
                stage.Allocator.Trim(random.Next(10) * stage.Plan.GroupBytes);
                break;
            default:
                foreach (KvSequence grown in open)
                {
                    if (grown.TryAppend([random.Next(3)], out _))
                    {
                        stage.Cache.Compute(grown);
                    }
                }

                break;
        }
    }

    /// <summary>Reads the first positions of a sequence through addresses alone, which nobody may move while it is open.</summary>
    private static unsafe Task<long> ReadAsync(VirtualStage stage, KvSequence watched, CancellationToken stop)
    {
        nint keys;
        long bytes;
        using (KvStep step = stage.Allocator.BeginStep([new KvRow(watched, 0)]))
        {
            KvLayerView view = step.Enter(0);
            Assert.True(view.TryGetContiguous(0, out keys, out _));
            bytes = view.Lengths[0] * view.KeyTokenStride;
        }

        byte[] expected = new ReadOnlySpan<byte>((void*)keys, (int)bytes).ToArray();
        return Task.Factory.StartNew(
            () =>
            {
                long reads = 0;
                while (!stop.IsCancellationRequested)
                {
                    Assert.True(new ReadOnlySpan<byte>((void*)keys, expected.Length).SequenceEqual(expected), "What is mapped has changed under a reader.");
                    reads++;
                    Thread.Yield();
                }

                return reads;
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }
}
