using FsCheck;
using FsCheck.Fluent;
using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;
using Microsoft.FSharp.Core;
using Xunit;
using Xunit.Sdk;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>What attention on tensor cores promises: the formula but for the rounding of queries and weights to 16 bits.</summary>
/// <remarks>
/// A contract of its own, with two differences from the one of all attentions. The error allowed is that of the rounding: 2·10⁻³ where the
/// cache is float16, 10⁻² where it is bfloat16, relative to the output. And a value that is no number may reach earlier queries of its step, within the
/// 64 positions of its tile: a weight of 0 is multiplied with it. Cases are small: an emulator runs them too.
/// </remarks>
public abstract class TensorAttentionContract : IDisposable
{
    private GpuAttention? _attention;

    /// <summary>Where the attention under test works.</summary>
    protected abstract AttentionSite Site { get; }

    /// <summary>Makes an attention that uses tensor cores.</summary>
    protected abstract GpuAttention CreateAttention();

    protected GpuAttention Attention => _attention ??= CreateAttention();

    /// <summary>Drawn cases; <c>KVCACHE_TENSOR_CASES</c> changes it.</summary>
    private static int Cases { get; } = int.TryParse(Environment.GetEnvironmentVariable("KVCACHE_TENSOR_CASES"), out int asked) ? asked : 6;

    public static TheoryData<KvElementType> Types => [KvElementType.Float16, KvElementType.BFloat16];

    /// <summary>Every kernel, by the batches that ask for it: decode, a mix, a prefix that is cached.</summary>
    public static TheoryData<KvElementType, int, int, int, string, string?, string?> Kernels => new()
    {
        { KvElementType.Float16, 64, 4, 16, "70+1,0+1,300+1", "TensorDecode64x8.HalfMatrix.LargePages.Warps4Stages4", null },
        { KvElementType.BFloat16, 64, 12, 4, "130+1,9+1", "TensorDecode64x16.BrainMatrix.SmallPages.Warps4Stages4", null },
        { KvElementType.Float16, 128, 8, 64, "260+1,0+0,33+1", "TensorDecode128x8.HalfMatrix.LargePages.Warps4Stages3", null },
        { KvElementType.BFloat16, 128, 16, 1, "20+1", "TensorDecode128x16.BrainMatrix.SmallPages.Warps4Stages3", null },
        { KvElementType.BFloat16, 256, 2, 32, "140+1,5+1", "TensorDecode256x8.BrainMatrix.LargePages.Warps2Stages3", null },
        { KvElementType.Float16, 64, 3, 16, "0+70,40+20", null, "TensorPrefill64.HalfMatrix" },
        { KvElementType.BFloat16, 128, 2, 2, "100+40", null, "TensorPrefill128.BrainMatrix" },
        { KvElementType.Float16, 128, 4, 16, "150+1,64+30,0+0,3+1,0+5", "TensorDecode128x8.HalfMatrix.LargePages.Warps4Stages3", "TensorPrefill128.HalfMatrix" },
        { KvElementType.BFloat16, 64, 1, 8, "0+1,17+33", "TensorDecode64x8.BrainMatrix.SmallPages.Warps4Stages4", "TensorPrefill64.BrainMatrix" },
    };

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_kernel_is_near_the_formula(
        KvElementType type, int dim, int group, int page, string rows, string? decode, string? prefill)
    {
        Check(AttentionCase.Of(type, (2, group), (dim, dim), rows) with { PageTokens = page, Gap = 3, Skew = 1 });
        Assert.Equal((decode, prefill), (Attention.DecodeKernel, Attention.PrefillKernel));
    }

    [Fact]
    public void Drawn_cases_are_near_the_formula()
    {
        Config config = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(Cases)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(AttentionSettings.Seed), FSharpOption<int>.None)));
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {AttentionSettings.Seed}, {Cases} cases.");
        FsCheck.Check.One(config, Prop.ForAll(Arb.From(Drawn), drawn => { Check(drawn); }));
    }

    /// <summary>Every fill of a last page, with what is no number beyond it.</summary>
    [Theory]
    [InlineData(PoisonKind.NaN)]
    [InlineData(PoisonKind.Infinity)]
    public void Nothing_outside_a_row_reaches_its_output(PoisonKind poison)
    {
        AttentionRow[] decoded = [.. Enumerable.Range(0, 18).Select(static cached => new AttentionRow(cached, 1, Ahead: cached % 3 * 16))];
        AttentionRow[] computed = [.. Enumerable.Range(1, 9).Select(static count => new AttentionRow(count % 3 * 8, 2 * count))];
        Check(AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "") with { Poison = poison, Rows = [.. decoded, .. computed] });
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_decoded_row_is_the_same_alone_and_in_a_batch(KvElementType type)
    {
        AttentionCase alone = AttentionCase.Of(type, (1, 3), (64, 64), "290+1");
        using AttentionScene scene = new(Site, alone);
        float[] expected = scene.Run(Attention);
        foreach (string others in (string[])["900+1,3+1", "0+20"])
        {
            using AttentionScene batch = new(Site, alone with { Rows = [alone.Rows[0], .. AttentionCase.ParseRows(others)] });
            OutputComparison.AssertSame(batch.Run(Attention).AsSpan(0, expected.Length), expected, $"{batch.Case}: the first row");
        }
    }

    /// <summary>Keys of any kind, and values that are numbers.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void Later_positions_of_a_tile_change_nothing(KvElementType type)
    {
        using AttentionScene scene = new(Site, AttentionCase.Of(type, (1, 2), (64, 64), "30+50"));
        float[] whole = scene.Run(Attention);
        const int Kept = 17;
        for (int position = 30 + Kept; position < 80; position++)
        {
            for (int d = 0; d < 64; d++)
            {
                scene.Image.Format.Write(scene.Image.Key(0, position, 0), d, d % 2 == 0 ? float.NaN : float.PositiveInfinity);
                scene.Image.Format.Write(scene.Image.Value(0, position, 0), d, 60_000);
            }
        }

        scene.Upload();
        float[] output = scene.Attend(Attention);
        OutputComparison.AssertSame(output.AsSpan(0, Kept * 128), whole.AsSpan(0, Kept * 128), $"{scene.Case}: queries before {Kept}");
    }

    /// <summary>A value that is no number shows in its dim of all who see it; who does not see it keeps his, but for the tile's earlier queries.</summary>
    [Theory]
    [MemberData(nameof(Types))]
    public void A_spoiled_value_shows_in_its_dim_and_in_no_other_row_or_tile(KvElementType type)
    {
        using AttentionScene scene = new(Site, AttentionCase.Of(type, (2, 2), (64, 64), "90+1,0+150,8+1"));
        float[] sound = scene.Run(Attention);
        const int Position = 70;
        foreach (int row in (int[])[0, 1])
        {
            scene.Image.Format.Write(scene.Image.Value(row, Position, 1), 5, float.NaN);
        }

        scene.Upload();
        float[] output = scene.Attend(Attention);
        for (int index = 0; index < output.Length; index++)
        {
            (int token, int rest) = Math.DivRem(index, 4 * 64);
            bool inDim = rest / 64 >= 2 && rest % 64 == 5;
            bool sees = token == 0 || (token <= 150 && token - 1 >= Position);
            bool sharesTile = token is > 0 and <= 150 && token - 1 >= 64;
            Assert.True(
                inDim && (sees || sharesTile) ? float.IsNaN(output[index]) || !sees : output[index] == sound[index],
                $"Element {rest} of token {token} is {output[index]}; it was {sound[index]}.");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_prompt_may_be_computed_in_any_chunks(KvElementType type)
    {
        AttentionCase whole = AttentionCase.Of(type, (1, 3), (64, 64), "0+100");
        using AttentionScene prompt = new(Site, whole);
        float[] expected = prompt.Run(Attention);
        foreach ((int cached, int count) in ((int, int)[])[(0, 33), (33, 66), (99, 1)])
        {
            using AttentionScene scene = new(Site, whole with { Rows = [new AttentionRow(cached, count)] });
            OutputComparison.AssertNear(
                scene.Run(Attention), expected[(cached * 192)..((cached + count) * 192)], 2 * ToleranceOf(type), $"{scene.Case}: a chunk");
        }
    }

    [Fact]
    public void Output_may_take_the_place_of_the_queries()
    {
        using AttentionScene scene = new(Site, AttentionCase.Of(KvElementType.Float16, (1, 9), (64, 64), "270+1,0+40,9+1") with { Gap = 5 });
        scene.Append(Attention);
        OutputComparison.AssertNear(scene.AttendInPlace(Attention), scene.ExpectedOfStored(), ToleranceOf(KvElementType.Float16), "the formula");
    }

    [Fact]
    public void A_step_without_rows_or_positions_does_nothing()
    {
        AttentionCase shape = AttentionCase.Of(KvElementType.Float16, (1, 2), (64, 64), "");
        Check(shape);
        Check(shape with { Rows = AttentionCase.ParseRows("0+0,40+0") });
    }

    public void Dispose()
    {
        _attention?.Dispose();
        Release();
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the attention worked with.</summary>
    protected virtual void Release()
    {
    }

    private static Gen<AttentionCase> Drawn { get; } =
        from type in Gen.Elements(KvElementType.Float16, KvElementType.BFloat16)
        from dim in Gen.Elements(64, 128)
        from kvHeads in Gen.Choose(1, 2)
        from size in Gen.Choose(1, 16)
        from page in Gen.Elements(1, 4, 16, 64)
        from gap in Gen.Elements(0, 3)
        from skew in Gen.Choose(0, 3)
        from cap in Gen.Elements(0f, 0f, 20f)
        from decoded in Gen.Choose(0, 280)
        from cached in Gen.Choose(0, 120)
        from computed in Gen.Choose(2, 50)
        from seed in Gen.Choose(0, 1 << 20)
        select new AttentionCase
        {
            ElementType = type,
            KvHeads = kvHeads,
            Group = size,
            KeyDim = dim,
            ValueDim = dim,
            PageTokens = page,
            Gap = gap,
            Skew = skew,
            SoftCap = cap,
            Rows = [new(decoded, 1), new(cached, computed), new(3, 0)],
            Seed = seed,
        };

    private static double ToleranceOf(KvElementType type) => type == KvElementType.Float16 ? 2e-3 : 1e-2;

    private void Check(AttentionCase drawn)
    {
        using AttentionScene scene = new(Site, drawn);
        try
        {
            OutputComparison.AssertNear(scene.Run(Attention), scene.ExpectedOfStored(), ToleranceOf(drawn.ElementType), "the formula");
        }
        catch (Exception exception)
        {
            throw new XunitException($"{drawn}\n{exception.Message}", exception);
        }
    }
}
