using KvCache.Diagnostics;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>Copies exist where duplicates are not given up. There is one worker, so that nothing is aggregated.</summary>
public class Scenario27_RemovedOnlyForTheLastCopy
{
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Evicting_copies_is_silent_until_the_last(int copies)
    {
        using Stage stage = new(blocks: copies, deduplicate: false, eventCapacity: 100);
        int[] x = Stage.Tokens(0, 16);
        KvSequence[] owners = [.. Enumerable.Range(0, copies).Select(_ => stage.Open(x))];
        stage.Compute(owners);
        Assert.Equal(Enumerable.Range(0, copies), owners.Select(owner => Stage.Blocks(owner)[0]));
        KvCacheEvent stored = Assert.Single(Read(stage));
        Assert.Equal((KvCacheEventKind.Stored, 16), (stored.Kind, stored.Tokens));
        foreach (KvSequence owner in owners)
        {
            owner.Dispose();
        }

        for (int evicted = 1; evicted <= copies; evicted++)
        {
            Assert.Equal(16, stage.Known(x));
            _ = stage.Open([evicted]);
            if (evicted < copies)
            {
                Assert.Empty(Read(stage));
            }
        }

        KvCacheEvent removed = Assert.Single(Read(stage));
        Assert.Equal((KvCacheEventKind.Removed, stored.Hash), (removed.Kind, removed.Hash));
        Assert.Equal(0, stage.Known(x));
    }

    [Fact]
    public void The_oldest_copy_is_found_and_its_heir_after_it()
    {
        using Stage stage = new(blocks: 3, deduplicate: false);
        int[] x = Stage.Tokens(0, 16);
        KvSequence a = stage.Open(x);
        KvSequence b = stage.Open(x);
        stage.Compute(a, b);
        a.Dispose();
        Assert.Equal([0], Found(stage, x));
        _ = stage.Open(Stage.Tokens(500, 32));
        Assert.Equal([1], Found(stage, x));
        Assert.Equal([1], Stage.Blocks(b));
    }

    private static int[] Found(Stage stage, int[] prompt)
    {
        int[] blocks = new int[1];
        Assert.Equal(1, stage.Index.Match(KvNamespace.Default, prompt, blocks));
        return blocks;
    }

    private static List<KvCacheEvent> Read(Stage stage)
    {
        List<KvCacheEvent> events = [];
        while (stage.Allocator.Events!.TryRead(out KvCacheEvent next))
        {
            events.Add(next);
        }

        return events;
    }
}
