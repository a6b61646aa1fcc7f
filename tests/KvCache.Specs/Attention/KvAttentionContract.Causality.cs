using Xunit;

namespace KvCache.Specs.Attention;

/// <content>A query sees what comes before it, however the work is cut into steps and batches.</content>
public abstract partial class KvAttentionContract
{
    [Theory]
    [MemberData(nameof(Poisons))]
    public void Later_positions_change_nothing(KvElementType type, PoisonKind poison)
    {
        AttentionCase drawn = AttentionCase.Of(type, (2, 2), (16, 24), "0+150,37+100");
        AttentionScene scene = Arrange(drawn);
        float[] whole = scene.Run(Attention);
        int width = drawn.QueryHeads * drawn.ValueDim;
        foreach (int kept in (int[])[99, 65, 64, 63, 31, 17, 16, 15, 2, 1])
        {
            int first = 0;
            for (int row = 0; row < drawn.Rows.Length; row++)
            {
                FillFrom(scene, row, drawn.Rows[row].Cached + kept, poison);
            }

            scene.Upload();
            float[] output = scene.Attend(Attention);
            foreach (AttentionRow row in drawn.Rows)
            {
                OutputComparison.AssertSame(
                    output.AsSpan(first * width, kept * width),
                    whole.AsSpan(first * width, kept * width),
                    $"{drawn}\nFrom query {kept} on, row {row} was filled with {poison}");
                first += row.Computed;
            }
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void A_prompt_may_be_computed_in_any_chunks(KvElementType type)
    {
        AttentionCase whole = AttentionCase.Of(type, (2, 3), (20, 16), "0+140");
        float[] expected = Check(Arrange(whole));
        int width = whole.QueryHeads * whole.ValueDim;
        foreach (int chunk in (int[])[1, 7, 16, 33, 64, 100])
        {
            for (int cached = 0; cached < 140; cached += chunk)
            {
                int count = Math.Min(chunk, 140 - cached);
                using AttentionScene scene = new(Site, whole with { Rows = [new AttentionRow(cached, count)] });
                OutputComparison.AssertNear(
                    scene.Run(Attention),
                    expected[(cached * width)..((cached + count) * width)],
                    2 * Tolerance,
                    $"{scene.Case}: a chunk, and the same positions of the whole prompt");
            }
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void A_decoded_row_is_the_same_alone_and_in_any_batch(KvElementType type)
    {
        foreach (int cached in (int[])[0, 64, 511, 1030])
        {
            AttentionCase alone = AttentionCase.Of(type, (2, 4), (32, 20), $"{cached}+1");
            using AttentionScene scene = new(Site, alone);
            float[] expected = scene.Run(Attention);
            foreach (string others in (string[])["700+1,700+1,0+1", "0+90", "1100+1,3+40,12+1,0+0,0+1,77+1,1+1"])
            {
                // Contents follow from the place in the batch: the row stays the first, and others come before it by copying.
                AttentionRow[] rows = [alone.Rows[0], .. AttentionCase.ParseRows(others)];
                using AttentionScene first = new(Site, alone with { Rows = rows });
                OutputComparison.AssertSame(first.Run(Attention).AsSpan(0, expected.Length), expected, $"{first.Case}: the first row");

                using AttentionScene last = new(Site, alone with { Rows = [.. rows[1..], rows[0]] });
                Copy(scene.Rows[0], last.Rows[^1]);
                OutputComparison.AssertSame(last.Run(Attention).AsSpan()[^expected.Length..], expected, $"{last.Case}: the last row");
            }
        }
    }

    /// <summary>Fills the pages of a row from a position on.</summary>
    private static void FillFrom(AttentionScene scene, int row, int position, PoisonKind poison)
    {
        for (int later = position; later < scene.Case.Rows[row].Length; later++)
        {
            for (int head = 0; head < scene.Case.KvHeads; head++)
            {
                Poison.Fill(scene.Image.Key(row, later, head), scene.Image.Format, poison, later);
                Poison.Fill(scene.Image.Value(row, later, head), scene.Image.Format, poison, ~later);
            }
        }
    }

    private static void Copy(RowContents source, RowContents destination)
    {
        source.Keys.CopyTo(destination.Keys, 0);
        source.Values.CopyTo(destination.Values, 0);
        source.Queries.CopyTo(destination.Queries, 0);
    }
}
