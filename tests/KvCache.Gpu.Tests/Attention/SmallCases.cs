using FsCheck;
using FsCheck.Fluent;
using KvCache.Attention;
using KvCache.Specs.Attention;
using Microsoft.FSharp.Core;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>Draws cases that are small enough for kernels whose threads wait for one another, on a device where that takes long.</summary>
internal static class SmallCases
{
    private static readonly Gen<int> AlignedDims = Gen.Elements(8, 16, 24, 32);

    /// <summary>Steps of rows that decode.</summary>
    public static Gen<AttentionCase> Decoding { get; } = Cases(
        Gen.Choose(0, 45).Select(cached => new AttentionRow(cached, 1)).ArrayOf(3), Gen.Elements(1, 2, 3, 4, 5));

    /// <summary>Steps that mix rows of one new token, of several and of none.</summary>
    public static Gen<AttentionCase> Mixed { get; } = Cases(
        from decoded in Gen.Choose(0, 40)
        from cached in Gen.Choose(0, 70)
        from computed in Gen.Choose(2, 40)
        from idle in Gen.Choose(0, 9)
        select (AttentionRow[])[new(decoded, 1), new(idle, 0), new(cached, computed)],
        Gen.Elements(1, 2, 3, 7));

    /// <summary>Checks drawn cases against the formula; a failure tells the smallest case.</summary>
    public static void Check(GpuDevice device, IKvAttention attention, Gen<AttentionCase> cases, int count)
    {
        AttentionSite site = new GpuSite(device);
        Config config = Config.QuickThrowOnFailure
            .WithQuietOnSuccess(true)
            .WithMaxTest(count)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(AttentionSettings.Seed), FSharpOption<int>.None)));
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {AttentionSettings.Seed}, {count} cases.");
        FsCheck.Check.One(config, Prop.ForAll(Arb.From(cases), drawn => Check(site, attention, drawn)));
    }

    /// <summary>Checks one case against the formula.</summary>
    public static void Check(AttentionSite site, IKvAttention attention, AttentionCase drawn)
    {
        using AttentionScene scene = new(site, drawn);
        try
        {
            OutputComparison.AssertNear(scene.Run(attention), scene.ExpectedOfStored(), 2e-6, "the formula");
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{drawn}\n{exception.Message}", exception);
        }
    }

    private static Gen<AttentionCase> Cases(Gen<AttentionRow[]> rows, Gen<int> groups) =>
        from type in Gen.Elements(KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16)
        from kvHeads in Gen.Choose(1, 2)
        from size in groups
        from aligned in Gen.Elements(true, true, false)
        from keyDim in aligned ? AlignedDims : Gen.Choose(1, 32)
        from valueDim in Gen.Frequency((1, Gen.Constant(keyDim)), (1, aligned ? AlignedDims : Gen.Choose(1, 32)))
        from page in aligned ? Gen.Elements(1, 2, 4, 16) : Gen.Elements(1, 3, 5)
        from gap in Gen.Elements(0, 0, 3)
        from skew in Gen.Choose(0, 3)
        from cap in Gen.Elements(0f, 0f, 20f)
        from poison in Gen.Elements(PoisonKind.NaN, PoisonKind.Infinity, PoisonKind.Mixed)
        from batch in rows
        from seed in Gen.Choose(0, 1 << 20)
        select new AttentionCase
        {
            ElementType = type,
            KvHeads = kvHeads,
            Group = size,
            KeyDim = keyDim,
            ValueDim = valueDim,
            PageTokens = page,
            Gap = gap,
            Skew = skew,
            SoftCap = cap,
            Poison = poison,
            Rows = batch,
            Seed = seed,
        };
}
