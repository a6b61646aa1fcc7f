using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>What attentions are measured with is measured itself.</summary>
public class AttentionYardstickTests
{
    [Fact]
    public void A_case_can_be_read_from_what_was_printed()
    {
        AttentionCase drawn = AttentionCase.Of(KvElementType.BFloat16, (3, 5), (9, 20), "5+1,40+17@4/8,0+0/3,7+2@7") with
        {
            PageTokens = 2,
            Layer = 0,
            Scattered = false,
            Gap = 3,
            Skew = 9,
            Scale = -0.1f,
            SoftCap = 17.25f,
            Spread = 0.3f,
            Poison = PoisonKind.Huge,
            Seed = 123,
        };
        AttentionCase read = AttentionCase.Parse(drawn.ToString());
        Assert.Equal(drawn.Rows, read.Rows);
        Assert.Equal(drawn, read with { Rows = drawn.Rows });
        Assert.Equal([new(5, 1), new(40, 17, 4, 8), new(0, 0, 0, 3), new(7, 2, 7)], read.Rows);
    }

    [Fact]
    public void Formats_are_those_of_the_runtime()
    {
        ElementFormat half = ElementFormat.Of(KvElementType.Float16);
        ElementFormat brain = ElementFormat.Of(KvElementType.BFloat16);
        for (uint bits = 0; bits <= ushort.MaxValue; bits++)
        {
            Assert.Equal((double)BitConverter.UInt16BitsToHalf((ushort)bits), half.Decode(bits));
            Assert.Equal(BitConverter.UInt32BitsToSingle(bits << 16), brain.Decode(bits));
            Assert.Equal(bits, half.IsNaN(bits) ? bits : half.Encode((float)half.Decode(bits)));
            Assert.Equal(bits, brain.IsNaN(bits) ? bits : brain.Encode((float)brain.Decode(bits)));
        }
    }

    [Theory]
    [InlineData(0x3F80_8000u, 0x3F80u)] // half way, to even: down
    [InlineData(0x3F81_8000u, 0x3F82u)] // half way, to even: up
    [InlineData(0x3F80_8001u, 0x3F81u)]
    [InlineData(0x3F80_7FFFu, 0x3F80u)]
    [InlineData(0x7F7F_FFFFu, 0x7F80u)] // the largest number is nearer to what would come next
    [InlineData(0x0000_8000u, 0x0000u)]
    [InlineData(0x0001_8000u, 0x0002u)]
    [InlineData(0x8000_8001u, 0x8001u)]
    public void Numbers_half_way_go_to_the_even_one(uint single, uint stored) =>
        Assert.Equal(stored, ElementFormat.Of(KvElementType.BFloat16).Encode(BitConverter.UInt32BitsToSingle(single)));

    [Fact]
    public void The_formula_weighs_values_by_their_scores()
    {
        // Two positions, scores 0 and ln 3: weights 1/4 and 3/4; the first query sees the first position alone.
        KvLayerGroup shape = new(1, 1, 2, 1, KvElementType.Float32);
        ReferenceAttention reference = new(shape, 1, new KvScoring { Scale = 0.5f }, 2);
        reference.Add(0, 2, 2, [5, 0, 0, 2 * Math.Log(3)], [8, -4], [0, 1, 0, 1]);
        Assert.Equal([8, -1], reference.Output.Select(number => Math.Round(number, 12)));
        Assert.Equal([8, 5], reference.Magnitudes.Select(number => Math.Round(number, 12)));
        Assert.Equal((Math.Log(3), 2), (reference.LargestScore, reference.LongestRow));
    }

    [Fact]
    public void A_cap_bounds_the_scores_of_the_formula()
    {
        ReferenceAttention reference = new(new KvLayerGroup(1, 1, 1, 1, KvElementType.Float32), 2, new KvScoring { SoftCap = 2 }, 1);
        reference.Add(0, 1, 2, [1000, 0], [1, 0], [1, -1]);
        double weight = 1 / (1 + Math.Exp(-2));
        Assert.Equal([weight, 1 - weight], reference.Output, (expected, actual) => Math.Abs(expected - actual) < 1e-12);
    }

    [Fact]
    public void An_error_is_seen_where_it_is_too_large()
    {
        ReferenceAttention reference = new(new KvLayerGroup(1, 1, 1, 2, KvElementType.Float32), 1, default, 1);
        reference.Add(0, 1, 1, [1], [3, 4], [1]);
        OutputComparison.AssertNear([3, 4 + 9e-6f], reference, 2e-6, "the formula");
        Assert.ThrowsAny<Exception>(() => OutputComparison.AssertNear([3, 4 + 11e-6f], reference, 2e-6, "the formula"));
        Assert.ThrowsAny<Exception>(() => OutputComparison.AssertNear([3, float.NaN], reference, 2e-6, "the formula"));
    }
}
