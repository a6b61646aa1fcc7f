using KvCache.Diagnostics;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class EventReplayTests
{
    private const int Seed = 20_240_607;

    [Theory]
    [InlineData(1, true)]
    [InlineData(7, true)]
    [InlineData(1000, true)]
    [InlineData(7, false)]
    [InlineData(1000, false)]
    public void Whoever_follows_the_events_knows_what_can_be_found(int capacity, bool deduplicate)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using Stage stage = new(blocks: 30, blockTokens: 2, deduplicate: deduplicate, eventCapacity: capacity);
        EventReader reader = new(stage.Allocator);
        Random random = new(Seed);
        List<KvSequence> open = [];
        for (int round = 0; round < 2000; round++)
        {
            Act(stage, open, random);
            if (random.Next(3) == 0)
            {
                Follow(stage, reader);
                reader.AssertSameAs(stage.Allocator.ListStored());
            }
        }
    }

    /// <summary>Truncating into a published block and computing the same tokens again stores an equal hash again.</summary>
    [Fact]
    public void A_hash_that_is_stored_again_is_not_removed_with_its_first_block()
    {
        using Stage stage = new(blocks: 5, eventCapacity: 100);
        EventReader reader = new(stage.Allocator);
        int[] prompt = Stage.Tokens(0, 33);
        KvSequence sequence = stage.Prefill(prompt);
        sequence.Truncate(8);
        stage.Append(sequence, prompt.AsSpan(8));
        reader.CatchUp();
        reader.AssertSameAs(stage.Allocator.ListStored());

        _ = stage.Open([1], reserve: stage.Allocator.Usage.AvailableBlocks * 16);
        Assert.Equal(32, stage.Known(prompt));
        reader.CatchUp();
        reader.AssertSameAs(stage.Allocator.ListStored());
    }

    private static void Act(Stage stage, List<KvSequence> open, Random random)
    {
        int[] tokens = [.. Enumerable.Range(0, random.Next(1, 14)).Select(_ => random.Next(2))];
        KvSequence? chosen = open.Count == 0 ? null : open[random.Next(open.Count)];
        switch (random.Next(7))
        {
            case 0 when chosen is not null && chosen.TryAppend(tokens, out _):
                stage.Compute(chosen);
                break;
            case 1 when chosen is not null:
            case 2 when open.Count > 3:
                open.Remove(chosen!);
                chosen!.Dispose();
                break;
            case 3 when chosen is not null:
                chosen.Truncate(random.Next(chosen.Length + 1));
                break;
            case 4 when chosen is not null:
                Regenerate(stage, chosen, random.Next(chosen.Length + 1));
                break;
            case 5 when random.Next(20) == 0:
                open.ForEach(sequence => sequence.Dispose());
                open.Clear();
                Assert.True(stage.Allocator.TryClear());
                break;
            default:
                if (stage.Allocator.TryOpen(tokens, null, 0, out KvSequence? opened, out _))
                {
                    open.Add(opened);
                    stage.Compute(opened);
                }

                break;
        }
    }

    /// <summary>Goes back and computes the same tokens again.</summary>
    private static void Regenerate(Stage stage, KvSequence sequence, int length)
    {
        int[] dropped = new int[sequence.Length - length];
        sequence.CopyTokens(length, dropped);
        sequence.Truncate(length);
        if (sequence.TryAppend(dropped, out _))
        {
            stage.Compute(sequence);
        }
    }

    /// <summary>After a mark the reader begins from the listing; the events that follow it are already in it.</summary>
    private static void Follow(Stage stage, EventReader reader)
    {
        List<KvCacheEvent> events = EventReader.ReadAll(stage.Allocator.Events!);
        if (events.Exists(e => e.Kind == KvCacheEventKind.Resynchronize))
        {
            reader.Restart(stage.Allocator.ListStored(), events[^1].SequenceNumber + 1);
            return;
        }

        reader.Apply(events);
    }
}
