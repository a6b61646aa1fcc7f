using KvCache.Diagnostics;
using Xunit;

namespace KvCache.Tests.Scenarios;

/// <summary>The origin probes from eight threads; an allocator has one owner thread here, so that the probes come one after the other.</summary>
public class Scenario21_AProbeIsReadOnly
{
    private const int Seed = 21;

    [Fact]
    public void A_probe_finds_what_was_published_until_it_is_cleared()
    {
        using Stage stage = new(blocks: 10);
        int[] prompt = Stage.Tokens(0, 64);
        stage.RunAndFinish(prompt);
        Assert.Equal(64, stage.Hit([.. prompt, 1]));
        Assert.True(stage.Allocator.TryClear());
        Assert.Equal(0, stage.Hit([.. prompt, 1]));
    }

    [Fact]
    public void Sixteen_thousand_probes_leave_no_trace()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        using Stage stage = new(blocks: 200, eventCapacity: 1000);
        for (int root = 0; root < 64; root++)
        {
            stage.RunAndFinish(Stage.Tokens(root * 100, 32), new KvNamespace(Salt: $"root {root}"));
        }

        using KvSequence open = stage.Prefill(Stage.Tokens(0, 33), new KvNamespace(Salt: "root 0"));
        (IReadOnlyList<KvCacheEvent> Stored, int[] Order, int[] References, KvUsage Usage, int Roots) before = Snapshot(stage);
        Random random = new(Seed);
        for (int i = 0; i < 16_000; i++)
        {
            int root = random.Next(80);
            int hit = stage.Hit(Stage.Tokens(root * 100, random.Next(64)), new KvNamespace(Salt: $"root {root}"));
            Assert.InRange(hit, 0, root < 64 ? 32 : 0);
        }

        (IReadOnlyList<KvCacheEvent> Stored, int[] Order, int[] References, KvUsage Usage, int Roots) after = Snapshot(stage);
        Assert.Equal(before.Stored, after.Stored);
        Assert.Equal(before.Order, after.Order);
        Assert.Equal(before.References, after.References);
        Assert.Equal(before.Usage, after.Usage);
        Assert.Equal(before.Roots, after.Roots);
    }

    private static (IReadOnlyList<KvCacheEvent> Stored, int[] Order, int[] References, KvUsage Usage, int Roots) Snapshot(Stage stage) =>
    (
        stage.Allocator.ListStored(),
        stage.FreeOrder(),
        [.. Enumerable.Range(0, stage.Pool.HighWater).Select(stage.Pool.ReferenceCount)],
        stage.Allocator.Usage,
        stage.Index.Roots.Count);
}
