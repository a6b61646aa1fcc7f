using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;
using Xunit;

namespace KvCache.Specs.Attention;

/// <content>Drawn cases against the formula in double precision.</content>
public abstract partial class KvAttentionContract
{
    [Fact]
    public void Drawn_cases_agree_with_the_formula()
    {
        AttentionTally tally = new();
        AttentionCase? failed = null;
        ulong seed = AttentionSettings.SeedOf(GetType());
        Config config = Config.QuickThrowOnFailure
            .WithQuietOnSuccess(true)
            .WithMaxTest(AttentionSettings.Cases)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(seed), FSharpOption<int>.None)));
        try
        {
            FsCheck.Check.One(config, Prop.ForAll(AttentionGenerator.Arbitrary, drawn => CheckNoting(drawn, tally, ref failed)));
        }
        catch (Exception exception) when (failed is not null)
        {
            throw new InvalidOperationException(
                $"Seed {seed}. Smallest failing case:\n{failed}\n{exception.Message}", exception);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}. {tally}.");
        Assert.Equal(AttentionSettings.Cases, tally.Cases);
        tally.CheckReach();
    }

    /// <summary>Runs one case; the text is what a failure has printed.</summary>
    protected void Replay(string drawn) => CheckAgainstUnrounded(AttentionCase.Parse(drawn), new AttentionTally());

    /// <summary>The last case that fails while a failure is made smaller is the smallest one.</summary>
    private void CheckNoting(AttentionCase drawn, AttentionTally tally, ref AttentionCase? failed)
    {
        try
        {
            CheckAgainstUnrounded(drawn, tally);
        }
        catch
        {
            failed = drawn;
            throw;
        }
    }

    private void CheckAgainstUnrounded(AttentionCase drawn, AttentionTally tally)
    {
        using AttentionScene scene = new(Site, drawn);
        tally.Count(scene);
        float[] output = Check(scene);

        // A key's rounding moves a score in proportion to the score; widely spread ones say nothing about the kernel here.
        double storage = StorageTolerance(drawn.ElementType) * Math.Max(1, drawn.Spread / 2);
        OutputComparison.AssertNear(output, scene.ExpectedOfUnrounded(), storage, "the formula over unrounded keys and values");
    }

    private double StorageTolerance(KvElementType type) => type switch
    {
        KvElementType.Float16 => 2e-3,
        KvElementType.BFloat16 => 1e-2,
        _ => Tolerance,
    };
}
