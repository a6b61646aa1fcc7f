using Xunit;

namespace KvCache.Specs.Attention;

/// <content>What a row does not hold does not reach its output; what is spoiled in one row spoils no other.</content>
public abstract partial class KvAttentionContract
{
    public static TheoryData<KvElementType, PoisonKind> Poisons =>
        new MatrixTheoryData<KvElementType, PoisonKind>(
            [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16],
            [PoisonKind.NaN, PoisonKind.Infinity, PoisonKind.Huge]);

    public static TheoryData<KvElementType, float> SpoiledNumbers =>
        new MatrixTheoryData<KvElementType, float>(
            [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16],
            [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 60_000]);

    [Theory]
    [MemberData(nameof(Poisons))]
    public void Nothing_outside_a_row_reaches_its_output(KvElementType type, PoisonKind poison)
    {
        foreach (int page in (int[])[1, 2, 5, 16, 128])
        {
            // Every fill of the last page, decoded and computed from the start; tokens ahead have pages that hold nothing yet.
            AttentionRow[] rows =
            [
                .. Enumerable.Range(0, Math.Min(2 * page, 40) + 1).Select(cached => new AttentionRow(cached, 1, Ahead: cached % 3 * page)),
                .. Enumerable.Range(1, 20).Select(computed => new AttentionRow(computed % 2 * page, computed)),
            ];
            Check(AttentionCase.Of(type, (2, 2), (20, 12), "") with { PageTokens = page, Poison = poison, Rows = rows });
        }
    }

    [Theory]
    [MemberData(nameof(SpoiledNumbers))]
    public void A_spoiled_key_or_value_reaches_later_queries_of_its_row_and_head_only(KvElementType type, float spoiled)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 3), (20, 20), "70+1,20+50,9+3") with { PageTokens = 8 });
        float[] sound = scene.Run(Attention);
        foreach (int position in (int[])[0, 7, 19, 20, 21, 35, 36, 51, 52, 68, 69])
        {
            foreach (bool value in (bool[])[false, true])
            {
                Span<byte> bytes = value ? scene.Image.Value(1, position, 0) : scene.Image.Key(1, position, 0);
                byte[] before = bytes.ToArray();
                scene.Image.Format.Write(bytes, 3, spoiled);
                scene.Upload();
                AssertOnlyLaterQueriesDiffer(scene, sound, scene.Attend(Attention), position);
                before.CopyTo(value ? scene.Image.Value(1, position, 0) : scene.Image.Key(1, position, 0));
                scene.Upload();
            }
        }

        OutputComparison.AssertSame(scene.Attend(Attention), sound, "After everything was put right again");
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void A_key_or_value_that_is_no_number_is_not_hidden_from_those_who_see_it(KvElementType type)
    {
        foreach (int position in (int[])[0, 18, 40, 66, 599])
        {
            foreach (bool value in (bool[])[false, true])
            {
                using AttentionScene scene = new(Site, AttentionCase.Of(type, (1, 3), (20, 20), "620+1,570+50"));
                foreach (RowContents row in scene.Rows)
                {
                    (value ? row.Values : row.Keys)[(position * 20) + 3] = float.NaN;
                }

                float[] output = scene.Run(Attention);
                for (int index = 0; index < output.Length; index++)
                {
                    bool seen = index / 60 == 0 || 570 + (index / 60) - 1 >= position;
                    bool spoiled = seen && (!value || index % 20 == 3);
                    Assert.True(
                        float.IsNaN(output[index]) == spoiled,
                        $"{scene.Case}\nNaN in the {(value ? "value" : "key")} of position {position}: element {index} of the output is {output[index]}.");
                }
            }
        }
    }

    /// <summary>In row 1, KV head 0, queries at and after a position may differ; nothing else may.</summary>
    private static void AssertOnlyLaterQueriesDiffer(AttentionScene scene, float[] sound, float[] output, int position)
    {
        AttentionCase drawn = scene.Case;
        AttentionRow spoiled = drawn.Rows[1];
        int first = drawn.Rows[0].Computed;
        for (int index = 0; index < drawn.TokenCount * drawn.QueryHeads; index++)
        {
            (int token, int head) = Math.DivRem(index, drawn.QueryHeads);
            bool inRow = token >= first && token < first + spoiled.Computed;
            if (!inRow || head >= drawn.Group || spoiled.Cached + token - first < position)
            {
                OutputComparison.AssertSame(
                    output.AsSpan(index * drawn.ValueDim, drawn.ValueDim),
                    sound.AsSpan(index * drawn.ValueDim, drawn.ValueDim),
                    $"{drawn}\nPosition {position} of row 1 was spoiled in KV head 0; token {token}, query head {head}");
            }
        }
    }
}
