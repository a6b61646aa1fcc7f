using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario13_HashCollision
{
    private static readonly int[] X = Stage.Tokens(0, 16);
    private static readonly int[] Y = Stage.Tokens(100, 16);

    public static TheoryData<bool, bool> Cases => new() { { false, true }, { false, false }, { true, true }, { true, false } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Colliding_blocks_are_told_apart_by_their_tokens(bool everything, bool deduplicate)
    {
        using Stage stage = new(blocks: 20, deduplicate: deduplicate, hash: new Colliding(everything));
        Run(stage, X, writer: 1);
        Assert.Equal(0, stage.Hit([.. Y, 1]));

        Run(stage, Y, writer: 2);
        AssertReads(stage, X, writer: 1);
        AssertReads(stage, Y, writer: 2);
        Assert.Equal(2, stage.Index.Contents.Count);
    }

    [Fact]
    public void Equal_tokens_after_different_parents_are_different_blocks()
    {
        using Stage stage = new(blocks: 20, hash: new Colliding(everything: true));
        int[] tail = Stage.Tokens(200, 16);
        Run(stage, [.. X, .. tail], writer: 1);
        Assert.Equal(16, stage.Known([.. X, .. X]));
        Assert.Equal(0, stage.Known(tail));
        Run(stage, [.. Y, .. tail], writer: 2);

        Assert.Equal(4, stage.Index.Contents.Count);
        AssertReads(stage, [.. X, .. tail], writer: 1);
        AssertReads(stage, [.. Y, .. tail], writer: 2);
    }

    [Fact]
    public void Namespaces_whose_hashes_collide_stay_apart()
    {
        using Stage stage = new(blocks: 20, hash: new Colliding(everything: true));
        stage.RunAndFinish(X, new KvNamespace(Salt: "a"));
        Assert.Equal(0, stage.Known(X, new KvNamespace(Salt: "b")));
        stage.RunAndFinish(X, new KvNamespace(Salt: "b"));
        Assert.Equal(16, stage.Known(X, new KvNamespace(Salt: "a")));
        Assert.Equal(2, stage.Index.Contents.Count);
    }

    private static void Run(Stage stage, int[] prompt, int writer)
    {
        using KvSequence sequence = stage.Open(prompt);
        Tagged.Compute(stage.Allocator, sequence, writer);
        Tagged.Verify(stage.Allocator, sequence, writer);
    }

    private static void AssertReads(Stage stage, int[] prompt, int writer)
    {
        using KvSequence sequence = stage.Open([.. prompt, 1]);
        Assert.Equal(prompt.Length, sequence.HitLength);
        Tagged.Verify(stage.Allocator, sequence, writer);
    }

    /// <summary>One value for everything, or for blocks that begin with token 0 or 100.</summary>
    private sealed class Colliding(bool everything) : PrefixHash
    {
        private readonly KeyedPrefixHash _honest = new(1);

        public override UInt128 Hash(UInt128 parent, ReadOnlySpan<int> tokens) =>
            everything || tokens[0] is 0 or 100 ? 42 : _honest.Hash(parent, tokens);

        public override UInt128 HashRoot(ReadOnlySpan<byte> encoded) => everything ? 42 : _honest.HashRoot(encoded);
    }
}
