using KvCache.Diagnostics;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Diagnostics;

public class EventStreamTests
{
    [Fact]
    public void Stored_removed_and_cleared_come_in_order_without_gaps()
    {
        using Stage stage = new(blocks: 3, eventCapacity: 100);
        stage.RunAndFinish(Stage.Tokens(0, 40));
        stage.Open(Stage.Tokens(500, 32)).Dispose();
        Assert.True(stage.Allocator.TryClear());

        List<KvCacheEvent> events = EventReader.ReadAll(stage.Allocator.Events!);
        Assert.Equal([0L, 1, 2, 3], events.Select(e => e.SequenceNumber));
        Assert.Equal(
            [KvCacheEventKind.Stored, KvCacheEventKind.Stored, KvCacheEventKind.Removed, KvCacheEventKind.Cleared],
            events.Select(e => e.Kind));
        Assert.Equal(events[0].Hash, events[1].ParentHash);
        Assert.Equal(events[1].Hash, events[2].Hash);
        Assert.Equal([16, 16, 16, 0], events.Select(e => e.Tokens));
        Assert.Equal(((UInt128)0, (UInt128)0), (events[3].Hash, events[2].ParentHash));
        Assert.NotEqual((UInt128)0, events[0].ParentHash);
        Assert.False(stage.Allocator.Events!.TryRead(out KvCacheEvent none));
        Assert.Equal(default, none);
    }

    [Fact]
    public void A_full_stream_drops_the_backlog_for_one_mark_and_goes_on()
    {
        using Stage stage = new(blocks: 100, blockTokens: 1, eventCapacity: 4);
        Assert.Equal(4, stage.Allocator.Events!.Capacity);
        stage.RunAndFinish(Stage.Tokens(0, 4));
        stage.RunAndFinish(Stage.Tokens(100, 2));
        Assert.Equal(
            [(3, KvCacheEventKind.Resynchronize), (4, KvCacheEventKind.Stored), (5, KvCacheEventKind.Stored)],
            EventReader.ReadAll(stage.Allocator.Events!).Select(e => ((int)e.SequenceNumber, e.Kind)));

        stage.RunAndFinish(Stage.Tokens(200, 15));
        List<KvCacheEvent> events = EventReader.ReadAll(stage.Allocator.Events!);
        Assert.Equal(KvCacheEventKind.Resynchronize, events[0].Kind);
        Assert.Equal(Enumerable.Range((int)events[0].SequenceNumber, events.Count).Select(n => (long)n), events.Select(e => e.SequenceNumber));
        Assert.Equal(20, events[^1].SequenceNumber);
        Assert.Single(events, e => e.Kind == KvCacheEventKind.Resynchronize);
    }

    [Fact]
    public void The_listing_after_a_mark_is_what_can_be_found_parents_first()
    {
        using Stage stage = new(blocks: 20, eventCapacity: 1);
        stage.RunAndFinish(Stage.Tokens(0, 64));
        stage.RunAndFinish([.. Stage.Tokens(0, 32), .. Stage.Tokens(700, 32)], new KvNamespace(Salt: "a"));
        IReadOnlyList<KvCacheEvent> stored = stage.Allocator.ListStored();
        Assert.Equal(8, stored.Count);
        Assert.All(stored, content => Assert.Equal((8, KvCacheEventKind.Stored, 16), (content.SequenceNumber, content.Kind, content.Tokens)));
        for (int i = 0; i < stored.Count; i++)
        {
            bool first = i % 4 == 0;
            Assert.Equal(!first, stored.Take(i).Any(above => above.Hash == stored[i].ParentHash));
        }

        stage.RunAndFinish(Stage.Tokens(900, 16));
        Assert.Equal(8, EventReader.ReadAll(stage.Allocator.Events!)[^1].SequenceNumber);
    }

    [Fact]
    public void Without_a_capacity_there_is_no_stream()
    {
        using Stage stage = new(blocks: 20);
        stage.RunAndFinish(Stage.Tokens(0, 64));
        Assert.Null(stage.Allocator.Events);
        Assert.All(stage.Allocator.ListStored(), content => Assert.Equal(0, content.SequenceNumber));
        Assert.Equal(4, stage.Allocator.ListStored().Count);
    }
}
