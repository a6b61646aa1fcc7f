using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// Least recently used over whole sequences evicts children before parents by itself, because a tail is given back
/// before its head. The place of an evicted parent is not kept: it is never evicted while a descendant is cached.
/// </summary>
public class Scenario28_7_LineageEviction
{
    private const int Seed = 287;

    [Fact]
    public void A_parent_is_never_evicted_before_its_children()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using Stage stage = new(blocks: 40, blockTokens: 2);
        Random random = new(Seed);
        List<KvSequence> open = [];
        for (int round = 0; round < 3000; round++)
        {
            int[] prompt = [.. Enumerable.Range(0, random.Next(1, 16)).Select(_ => random.Next(2))];
            if (stage.Allocator.TryOpen(prompt, null, 0, out KvSequence? sequence, out _))
            {
                open.Add(sequence);
                stage.Compute(sequence);
            }

            while (open.Count > 4 || (sequence is null && open.Count > 0))
            {
                int chosen = random.Next(open.Count);
                open[chosen].Dispose();
                open.RemoveAt(chosen);
            }

            AssertParentsArePublished(stage);
        }
    }

    private static void AssertParentsArePublished(Stage stage)
    {
        HashSet<long> contents = [];
        for (int block = 0; block < stage.Pool.HighWater; block++)
        {
            contents.Add(stage.Index.ContentOf(block));
        }

        for (int block = 0; block < stage.Pool.HighWater; block++)
        {
            if (stage.Index.ContentOf(block) != 0 && stage.Index.ParentOf(block) > 0)
            {
                Assert.Contains(stage.Index.ParentOf(block), contents);
            }
        }
    }
}
