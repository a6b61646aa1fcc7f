using KvCache.Prefixes;
using KvCache.Tests.Scenarios;
using Xunit;

namespace KvCache.Tests.Prefixes;

public class PrefixRootsTests
{
    private static readonly KvNamespace Tenant = new(Salt: "tenant");

    [Fact]
    public void A_namespace_lives_as_long_as_a_user()
    {
        PrefixRoots roots = new(new KeyedPrefixHash(1));
        PrefixRoot first = roots.Acquire(Tenant);
        PrefixRoot other = roots.Acquire(KvNamespace.Default);
        Assert.Same(first, roots.Acquire(new KvNamespace(Salt: "tenant")));
        roots.Acquire(first.Content);
        Assert.Equal((2, 4), (roots.Count, roots.Users));
        Assert.Same(first, roots[first.Content]);
        Assert.True(first.Content < 0 && other.Content < 0 && first.Content != other.Content);

        roots.Release(first.Content);
        roots.Release(first.Content);
        Assert.Same(first, roots.Find(Tenant));
        roots.Release(first.Content);
        Assert.Null(roots.Find(Tenant));
        Assert.False(roots.Has(first.Content));
        Assert.True(roots.Has(other.Content));
        Assert.Equal((1, 1), (roots.Count, roots.Users));
        Assert.NotEqual(other.Content, roots.Acquire(Tenant).Content);
    }

    [Fact]
    public void A_thousand_tenants_leave_nothing_behind_when_their_blocks_are_gone()
    {
        using Stage stage = new(blocks: 10);
        for (int tenant = 0; tenant < 1000; tenant++)
        {
            stage.RunAndFinish(Stage.Tokens(0, 20), new KvNamespace(Salt: $"{tenant}"));
            Assert.InRange(stage.Index.Roots.Count, 1, 10);
        }

        Assert.True(stage.Allocator.TryClear());
        Assert.Equal(0, stage.Index.Roots.Count);
        Assert.Equal(0, stage.Hit(Stage.Tokens(0, 20), new KvNamespace(Salt: "probe")));
        Assert.Equal(0, stage.Index.Roots.Count);
    }

    [Fact]
    public void An_open_sequence_keeps_its_namespace_even_without_a_block()
    {
        using Stage stage = new(blocks: 10);
        KvSequence sequence = stage.Open([1], Tenant);
        Assert.NotNull(stage.Index.Roots.Find(Tenant));
        Assert.True(sequence.TryFork(0, out KvSequence? fork, out _));
        sequence.Dispose();
        Assert.NotNull(stage.Index.Roots.Find(Tenant));
        fork.Dispose();
        Assert.Null(stage.Index.Roots.Find(Tenant));
    }
}
