using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>vLLM's pool of 11 has a null block 0; ours has none, so that every id is one less.</summary>
public class Scenario01_PrefillSharingAndFreeOrder
{
    private static readonly int[] P = Stage.Tokens(1000, 48);

    [Fact]
    public void Three_requests_share_a_prefix_and_a_fourth_takes_the_pool_in_free_order()
    {
        using Stage stage = new(blocks: 10);

        KvSequence a = stage.Prefill([.. P, .. Stage.Tokens(2000, 7)]);
        Assert.Equal(0, a.HitLength);
        Assert.Equal([0, 1, 2, 3], Stage.Blocks(a));
        Assert.Equal([true, true, true, false], Stage.Blocks(a).Select(stage.Pool.IsPublished));

        KvSequence b = stage.Prefill([.. P, .. Stage.Tokens(3000, 5)]);
        Assert.Equal(48, b.HitLength);
        Assert.Equal([0, 1, 2, 4], Stage.Blocks(b));
        Assert.Equal([2, 2, 2, 1], Stage.Blocks(b).Select(stage.Pool.ReferenceCount));
        Assert.Equal(5, stage.Allocator.Usage.AvailableBlocks);

        a.Dispose();
        b.Dispose();
        Assert.Equal([5, 6, 7, 8, 9, 3, 4, 2, 1, 0], stage.FreeOrder());
        Assert.Equal(3, stage.Allocator.Usage.CachedBlocks);

        KvSequence c = stage.Prefill([.. P, .. Stage.Tokens(4000, 6)]);
        Assert.Equal(48, c.HitLength);
        Assert.Equal([0, 1, 2, 5], Stage.Blocks(c));
        c.Dispose();
        Assert.Equal([6, 7, 8, 9, 3, 4, 5, 2, 1, 0], stage.FreeOrder());

        KvSequence d = stage.Prefill(Stage.Tokens(5000, 160));
        Assert.Equal(0, d.HitLength);
        Assert.Equal([6, 7, 8, 9, 3, 4, 5, 2, 1, 0], Stage.Blocks(d));
        Assert.Equal(0, stage.Allocator.Usage.AvailableBlocks);
    }

    [Fact]
    public void The_hashes_of_the_published_blocks_are_chained()
    {
        using Stage stage = new(blocks: 10);
        _ = stage.Prefill([.. P, .. Stage.Tokens(2000, 7)]);

        ContentTree contents = stage.Index.Contents;
        int[] chain = [.. Enumerable.Range(0, 3).Select(stage.Index.ContentOf)];
        Assert.Equal(chain[0], contents[chain[1]].Parent);
        Assert.Equal(chain[1], contents[chain[2]].Parent);
        Assert.True(contents[chain[0]].Parent < 0);
        Assert.Equal(stage.Index.Hash(contents[chain[0]].Hash, P.AsSpan(16, 16)), contents[chain[1]].Hash);
    }
}
