using Xunit;

namespace KvCache.Specs.Attention;

/// <content>What may be changed without changing the output, or with a change that is known.</content>
public abstract partial class KvAttentionContract
{
    private const string SymmetryRows = "520+1,0+70,33+17,64+1";

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Heads_change_places_with_their_queries(KvElementType type)
    {
        AttentionCase drawn = AttentionCase.Of(type, (3, 5), (20, 12), SymmetryRows);
        AttentionScene scene = Arrange(drawn);
        AttentionScene turned = Arrange(drawn);
        for (int row = 0; row < drawn.Rows.Length; row++)
        {
            TurnHeads(scene.Rows[row].Keys, turned.Rows[row].Keys, drawn.KvHeads, drawn.KeyDim, 1);
            TurnHeads(scene.Rows[row].Values, turned.Rows[row].Values, drawn.KvHeads, drawn.ValueDim, 1);
            TurnHeads(scene.Rows[row].Queries, turned.Rows[row].Queries, drawn.QueryHeads, drawn.KeyDim, drawn.Group);
        }

        float[] plain = scene.Run(Attention);
        float[] expected = new float[plain.Length];
        TurnHeads(plain, expected, drawn.QueryHeads, drawn.ValueDim, drawn.Group);
        OutputComparison.AssertNear(turned.Run(Attention), expected, 2 * Tolerance, "Heads turned");
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Rows_change_places(KvElementType type)
    {
        AttentionCase drawn = AttentionCase.Of(type, (2, 3), (20, 12), SymmetryRows);
        AttentionScene scene = Arrange(drawn);
        AttentionScene reversed = Arrange(drawn with { Rows = [.. drawn.Rows.Reverse()] });
        for (int row = 0; row < drawn.Rows.Length; row++)
        {
            Copy(scene.Rows[row], reversed.Rows[^(row + 1)]);
        }

        float[] plain = scene.Run(Attention);
        float[] other = reversed.Run(Attention);
        int width = drawn.QueryHeads * drawn.ValueDim;
        int token = 0;
        foreach (AttentionRow row in drawn.Rows)
        {
            int start = token * width;
            int count = row.Computed * width;
            OutputComparison.AssertNear(other[^(start + count)..^start], plain[start..(start + count)], 2 * Tolerance, $"Row {row}");
            token += row.Computed;
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void The_past_has_no_order(KvElementType type)
    {
        AttentionCase drawn = AttentionCase.Of(type, (2, 3), (20, 12), "520+1,33+1,64+1");
        AttentionScene scene = Arrange(drawn);
        AttentionScene reversed = Arrange(drawn);
        foreach (RowContents row in reversed.Rows)
        {
            ReverseBlocks(row.Keys, drawn.KvHeads * drawn.KeyDim);
            ReverseBlocks(row.Values, drawn.KvHeads * drawn.ValueDim);
        }

        OutputComparison.AssertNear(reversed.Run(Attention), scene.Run(Attention), 2 * Tolerance, "Positions reversed");
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Twice_the_values_are_twice_the_output(KvElementType type)
    {
        AttentionCase drawn = AttentionCase.Of(type, (2, 3), (20, 12), SymmetryRows);
        AttentionScene scene = Arrange(drawn);
        AttentionScene doubled = Arrange(drawn);
        foreach (RowContents row in doubled.Rows)
        {
            Scale(row.Values, -2);
        }

        float[] expected = scene.Run(Attention);
        Scale(expected, -2);
        OutputComparison.AssertSame(doubled.Run(Attention), expected, "Values × −2, exact at every step");
    }

    [Theory]
    [InlineData(96)]
    [InlineData(-96)]
    [InlineData(-4096)]
    public void All_scores_may_be_shifted(float shift)
    {
        foreach (KvElementType type in ElementTypes)
        {
            AttentionCase drawn = AttentionCase.Of(type, (2, 3), (20, 12), SymmetryRows) with { Scale = 0.25f };
            using AttentionScene scene = new(Site, drawn);
            using AttentionScene shifted = new(Site, drawn);
            for (int row = 0; row < drawn.Rows.Length; row++)
            {
                SetEvery(scene.Rows[row].Keys, drawn.KeyDim, 7, 0);
                SetEvery(shifted.Rows[row].Keys, drawn.KeyDim, 7, shift);
                SetEvery(scene.Rows[row].Queries, drawn.KeyDim, 7, 4);
                SetEvery(shifted.Rows[row].Queries, drawn.KeyDim, 7, 4);
            }

            double rounding = Math.Abs(shift) * Math.ScaleB(1, -22);
            OutputComparison.AssertNear(shifted.Run(Attention), scene.Run(Attention), (2 * Tolerance) + rounding, $"{type}, scores + {shift}");
        }
    }

    [Theory]
    [MemberData(nameof(ElementTypes))]
    public void Weights_add_up_to_one(KvElementType type)
    {
        AttentionScene scene = Arrange(AttentionCase.Of(type, (2, 3), (20, 12), SymmetryRows));
        foreach (RowContents row in scene.Rows)
        {
            Array.Fill(row.Values, 0.75f);
        }

        Assert.All(scene.Run(Attention), element => Assert.Equal(0.75f, element, 2e-6f));
    }

    /// <summary>Moves blocks of heads to the next block's place, the last to the first's.</summary>
    private static void TurnHeads(float[] source, float[] destination, int heads, int dim, int block)
    {
        for (int index = 0; index < source.Length / dim; index++)
        {
            (int position, int head) = Math.DivRem(index, heads);
            source.AsSpan(index * dim, dim).CopyTo(destination.AsSpan(((position * heads) + ((head + block) % heads)) * dim));
        }
    }

    private static void ReverseBlocks(float[] elements, int length)
    {
        Array.Reverse(elements);
        for (int start = 0; start < elements.Length; start += length)
        {
            Array.Reverse(elements, start, length);
        }
    }

    private static void SetEvery(float[] elements, int stride, int index, float number)
    {
        for (int i = index; i < elements.Length; i += stride)
        {
            elements[i] = number;
        }
    }
}
