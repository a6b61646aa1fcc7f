using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>
/// Least recently used over whole sequences evicts children before parents by itself, because a tail is given back
/// before its head. The place of an evicted parent is not kept: its descendants are forgotten with it.
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

            AssertNothingIsForgottenWithAParent(stage);
        }
    }

    /// <summary>In the order of eviction every block comes before what its own content follows.</summary>
    private static void AssertNothingIsForgottenWithAParent(Stage stage)
    {
        HashSet<int> evicted = [];
        foreach (int block in stage.FreeOrder().Where(block => stage.Index.ContentOf(block) != 0))
        {
            int content = stage.Index.ContentOf(block);
            evicted.Add(content);
            Assert.DoesNotContain(stage.Index.Contents[content].Parent, evicted);
        }
    }
}
