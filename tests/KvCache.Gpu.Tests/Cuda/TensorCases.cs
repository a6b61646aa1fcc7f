using FsCheck;
using FsCheck.Fluent;
using KvCache.Gpu.Cuda;
using KvCache.Specs.Attention;
using Microsoft.FSharp.Core;
using Xunit;

namespace KvCache.Gpu.Tests.Cuda;

/// <summary>Draws steps that an emulator can run in a moment, for each variant.</summary>
internal static class TensorCases
{
    /// <summary>Cases of a variant; <c>KVCACHE_PTX_CASES</c> changes it.</summary>
    public static int Count { get; } = int.TryParse(Environment.GetEnvironmentVariable("KVCACHE_PTX_CASES"), out int asked) ? asked : 2;

    /// <summary>Steps whose rows decode, for a decode variant.</summary>
    public static Gen<TensorCase> Decoding(KvElementType type, int dim, int heads, bool largePages) =>
        Cases(type, dim, GroupsOf(dim, heads), largePages, Gen.Choose(0, 300).Select(static cached => (cached, 1)).ArrayOf(2));

    /// <summary>Steps that mix rows of one new token, of several and of none.</summary>
    public static Gen<TensorCase> Mixed(KvElementType type, int dim) =>
        from largePages in Gen.Elements(true, false)
        from drawn in Cases(
            type, dim, Gen.Choose(1, 16), largePages,
            from decoded in Gen.Choose(0, 90)
            from cached in Gen.Choose(0, 150)
            from computed in Gen.Choose(2, 90)
            from idle in Gen.Choose(0, 9)
            from few in Gen.Choose(2, 5)
            select ((int, int)[])[(decoded, 1), (idle, 0), (cached, computed), (cached / 2, few)])
        select drawn;

    /// <summary>A case for a decode variant, without rows.</summary>
    public static TensorCase Of(TensorVariant variant) => (
        from type in (KvElementType[])[KvElementType.Float16, KvElementType.BFloat16]
        from shape in TensorCatalog.DecodeShapes
        from page in (int[])[16, 4]
        from block in DecodeBlock.All
        select new TensorCase { Type = type, Dim = shape.Dim, Group = shape.Heads - 1, PageTokens = page, Block = block })
        .Single(one => one.DecodeVariant == variant);

    /// <summary>Checks drawn cases; a failure tells the smallest case.</summary>
    public static void Check(Gen<TensorCase> cases, Func<TensorCase, double> check)
    {
        double worst = 0;
        Config config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(Count)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(AttentionSettings.Seed), FSharpOption<int>.None)));
        FsCheck.Check.One(config, Prop.ForAll(Arb.From(cases), drawn => worst = Math.Max(worst, check(drawn))));
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {AttentionSettings.Seed}, {Count} cases, largest error {worst:E2}.");
    }

    private static Gen<int> GroupsOf(int dim, int heads) => heads > 8 ? Gen.Choose(9, 16) : Gen.Choose(1, dim > 128 ? 16 : 8);

    private static Gen<TensorCase> Cases(KvElementType type, int dim, Gen<int> groups, bool largePages, Gen<(int, int)[]> rows) =>
        from kvHeads in Gen.Choose(1, 2)
        from size in groups
        from page in largePages ? Gen.Elements(16, 32, 64, 0) : Gen.Elements(1, 2, 4, 8)
        from headMajor in Gen.Elements(true, false)
        from gap in Gen.Elements(0, 3)
        from cap in Gen.Elements(0f, 0f, 20f)
        from busy in Gen.Choose(1, 12)
        from batch in rows
        from seed in Gen.Choose(0, 1 << 20)
        select new TensorCase
        {
            Type = type,
            Dim = dim,
            KvHeads = kvHeads,
            Group = size,
            PageTokens = page,
            HeadMajor = headMajor,
            Gap = gap,
            SoftCap = cap,
            BusyBlocks = busy,
            Rows = batch,
            Seed = seed,
        };
}
