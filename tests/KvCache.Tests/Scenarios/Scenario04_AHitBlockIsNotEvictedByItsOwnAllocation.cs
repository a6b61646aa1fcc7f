using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario04_AHitBlockIsNotEvictedByItsOwnAllocation
{
    [Fact]
    public void Scenario04a_the_new_block_is_the_other_one_although_the_hit_stands_first()
    {
        using Stage stage = new(blocks: 2);
        int[] x = Stage.Tokens(0, 16);
        int[] y = Stage.Tokens(100, 16);
        KvSequence a = stage.Prefill(x);
        KvSequence b = stage.Prefill(y);
        a.Dispose();
        b.Dispose();
        Assert.Equal([0, 1], stage.FreeOrder());

        KvSequence c = stage.Open([.. x, .. Stage.Tokens(200, 16)]);
        Assert.Equal(16, c.HitLength);
        Assert.Equal([0, 1], Stage.Blocks(c));
        Assert.Equal(0, stage.Known(y));
        Assert.Equal(16, stage.Known(x));
    }

    [Fact]
    public void Scenario04b_idle_hits_are_not_counted_as_room_for_the_rest()
    {
        using Stage stage = new(blocks: 10);
        int[] p = Stage.Tokens(0, 48);
        int[] q = Stage.Tokens(100, 48);
        _ = stage.Prefill(p);
        KvSequence b = stage.Prefill([.. p, .. q]);
        Assert.Equal([0, 1, 2, 3, 4, 5], Stage.Blocks(b));
        b.Dispose();
        Assert.Equal([6, 7, 8, 9, 5, 4, 3], stage.FreeOrder());
        KvSequence c = stage.Prefill(Stage.Tokens(500, 32));
        Assert.Equal([6, 7], Stage.Blocks(c));
        KvUsage before = stage.Allocator.Usage;

        int[] d = [.. p, .. q, .. Stage.Tokens(900, 48)];
        KvAdmission probe = stage.Allocator.Probe(d, null, 0);
        bool opened = stage.Allocator.TryOpen(d, null, 0, out KvSequence? sequence, out KvRefusal refusal);

        Assert.False(opened);
        Assert.Null(sequence);
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        Assert.Equal(new KvAdmission(refusal, HitTokens: 96, NewBlocks: 3, RevivedBlocks: 3), probe);
        Assert.Equal([1, 1, 1, 0, 0, 0], Enumerable.Range(0, 6).Select(stage.Pool.ReferenceCount));
        Assert.Equal([8, 9, 5, 4, 3], stage.FreeOrder());
        Assert.Equal(96, stage.Known([.. p, .. q]));
        Assert.Equal(before, stage.Allocator.Usage);

        // Two new blocks fit beside the six hits.
        KvSequence fits = stage.Open(d.AsSpan(..^16));
        Assert.Equal([0, 1, 2, 3, 4, 5, 8, 9], Stage.Blocks(fits));
    }
}
