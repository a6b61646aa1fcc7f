using Xunit;

namespace KvCache.Specs.Attention;

/// <content>Scores and numbers at the ends of their ranges.</content>
public abstract partial class KvAttentionContract
{
    private const float Large = 9984; // near ten thousand, and exact in every element type

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void One_key_far_above_the_others_decides_alone(KvElementType type)
    {
        foreach (int chosen in (int[])[0, 1, 15, 16, 62, 63, 64, 127, 128, 300, 511, 512, 513, 599])
        {
            foreach (float rest in (float[])[-Large, 0, -3 * Large])
            {
                AttentionCase drawn = AttentionCase.Of(type, (2, 3), (8, 12), "599+1") with { Scale = 1 };
                using AttentionScene scene = new(Site, drawn);
                SetScores(scene, position => position == chosen ? Large : rest);
                float[] output = Check(scene);
                for (int head = 0; head < drawn.QueryHeads; head++)
                {
                    ReadOnlySpan<byte> value = scene.Image.Value(0, chosen, head / drawn.Group);
                    for (int d = 0; d < drawn.ValueDim; d++)
                    {
                        Assert.Equal((float)scene.Image.Format.Read(value, d), output[(head * drawn.ValueDim) + d], 1e-6f);
                    }
                }
            }
        }
    }

    public static TheoryData<KvElementType, float> EqualScores =>
        new MatrixTheoryData<KvElementType, float>(
            [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16], [0, -0f, 1, Large, -Large, -65_280]);

    [Theory]
    [MemberData(nameof(EqualScores))]
    public void Equal_scores_give_the_mean_of_the_values(KvElementType type, float score)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 2), (8, 12), "700+1,0+90,30+1") with { Scale = 1 });
        SetScores(scene, _ => score);
        float[] output = scene.Run(Attention);

        // Equal scores are equally rounded: nothing that depends on their magnitude is allowed for.
        ReferenceAttention expected = scene.ExpectedOfStored();
        ReferenceAttention strict = new(scene.View.Shape, scene.Case.QueryHeads, scene.Case.Scoring, scene.Case.TokenCount);
        expected.Output.CopyTo(strict.Output, 0);
        expected.Magnitudes.CopyTo(strict.Magnitudes, 0);
        OutputComparison.AssertNear(output, strict, Tolerance, "the mean");
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Scores_may_rise_and_fall_without_end(KvElementType type)
    {
        foreach (Func<int, float> score in (Func<int, float>[])
        [
            position => 8 * position,
            position => -8 * position,
            position => position % 2 == 0 ? Large : -Large,
            position => position < 256 ? -Large : Large,
            position => position < 256 ? Large : -Large,
            position => 16 * (position % 65),
            position => position / 64 * 128,
        ])
        {
            using AttentionScene scene = new(Site, AttentionCase.Of(type, (1, 4), (8, 12), "530+1,0+140,250+20") with { Scale = 1 });
            SetScores(scene, score);
            Check(scene);
        }
    }

    public static TheoryData<KvElementType, float> ValueSizes => new()
    {
        { KvElementType.Float16, 65_504 },
        { KvElementType.Float16, 6e-8f },
        { KvElementType.Float16, 3e-5f },
        { KvElementType.BFloat16, 1e30f },
        { KvElementType.BFloat16, 1e-30f },
        { KvElementType.Float32, 1e30f },
        { KvElementType.Float32, 1e-30f },
        { KvElementType.Float32, 0 },
    };

    [Theory]
    [MemberData(nameof(ValueSizes))]
    public void Values_of_any_size_are_averaged(KvElementType type, float size)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 3), (20, 21), "300+1,0+40"));
        foreach (RowContents row in scene.Rows)
        {
            // What is drawn lies within ±2.5.
            Scale(row.Values, size / 2.5f);
        }

        Check(scene);
    }

    public static TheoryData<KvElementType, float> KeySizes => new()
    {
        { KvElementType.Float16, 65_504 },
        { KvElementType.Float16, 6e-7f },
        { KvElementType.BFloat16, 1e30f },
        { KvElementType.BFloat16, 1e-30f },
        { KvElementType.Float32, 1e30f },
        { KvElementType.Float32, 1e-30f },
    };

    [Theory]
    [MemberData(nameof(KeySizes))]
    public void Keys_of_any_size_are_compared(KvElementType type, float size)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 3), (20, 21), "300+1,0+40"));
        foreach (RowContents row in scene.Rows)
        {
            Scale(row.Keys, size);
            Scale(row.Queries, 1 / size);
        }

        Check(scene);
    }

    [Theory]
    [InlineData(1e30f)]
    [InlineData(1e4f)]
    [InlineData(1e-3f)]
    [InlineData(1e-30f)]
    public void Scores_of_any_size_are_capped(float size)
    {
        foreach (KvElementType type in ElementTypes)
        {
            using AttentionScene scene = new(Site, AttentionCase.Of(type, (2, 3), (20, 21), "300+1,0+40") with { SoftCap = 30 });
            foreach (RowContents row in scene.Rows)
            {
                Scale(row.Queries, size);
            }

            Check(scene);
        }
    }

    /// <summary>Makes every query's score of a key what a function of the position says; exactly, where the element type has it.</summary>
    private static void SetScores(AttentionScene scene, Func<int, float> score)
    {
        foreach (RowContents row in scene.Rows)
        {
            Array.Clear(row.Keys);
            Array.Clear(row.Queries);
            for (int i = 0; i < row.Keys.Length; i += scene.Case.KeyDim)
            {
                row.Keys[i + 2] = score(i / scene.Case.KeyDim / scene.Case.KvHeads);
            }

            for (int i = 0; i < row.Queries.Length; i += scene.Case.KeyDim)
            {
                row.Queries[i + 2] = 1;
            }
        }
    }

    private static void Scale(float[] elements, float factor)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            elements[i] *= factor;
        }
    }
}
