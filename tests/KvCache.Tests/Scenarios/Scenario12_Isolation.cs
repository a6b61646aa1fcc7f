using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario12_Isolation
{
    private static readonly KvNamespace[] Namespaces =
    [
        new(),
        new(Salt: ""),
        new(Salt: "a"),
        new(Salt: "b"),
        new(Salt: "x"),
        new(Adapter: "x"),
        new(ModelFingerprint: "x"),
        new(Salt: "s", Adapter: "x"),
        new(Salt: "s", Adapter: "y"),
        new(Salt: "x", Adapter: "s"),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Namespaces.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void A_prefix_is_found_in_its_own_namespace_alone(int owner)
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, 64);
        stage.RunAndFinish(prompt, Namespaces[owner]);
        for (int other = 0; other < Namespaces.Length; other++)
        {
            Assert.Equal(other == owner ? 64 : 0, stage.Hit([.. prompt, 1], Namespaces[other]));
        }
    }

    [Fact]
    public void Equal_content_in_two_namespaces_is_kept_twice()
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, 64);
        stage.RunAndFinish(prompt, Namespaces[2]);
        stage.RunAndFinish(prompt, Namespaces[3]);
        Assert.Equal(8, stage.Index.Contents.Count);
        Assert.Equal(64, stage.Hit([.. prompt, 1], new KvNamespace(Salt: "a")));
    }

    [Fact]
    public void A_fork_stays_in_the_namespace_of_its_parent()
    {
        using Stage stage = new(blocks: 10);
        KvSequence parent = stage.Prefill(Stage.Tokens(0, 16), new KvNamespace(Salt: "a"));
        Assert.True(parent.TryFork(16, out KvSequence? child, out _));
        stage.Append(child, Stage.Tokens(100, 16));
        Assert.Equal(32, stage.Known([.. Stage.Tokens(0, 16), .. Stage.Tokens(100, 16)], new KvNamespace(Salt: "a")));
        Assert.Equal(0, stage.Known(Stage.Tokens(0, 16)));
    }
}
