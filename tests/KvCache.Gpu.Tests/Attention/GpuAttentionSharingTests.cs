using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The kernels whose threads share work, as a GPU runs them: warps that decode, groups that prefill in tiles.</summary>
public sealed class GpuAttentionSharingTests
{
    /// <summary>Every width of values and every way of reading, several tiles and slabs, groups that are parted.</summary>
    public static TheoryData<KvElementType, int, int, int, int, string> Shapes => new()
    {
        { KvElementType.Float32, 1, 64, 64, 16, "0+70" },
        { KvElementType.Float16, 4, 128, 128, 16, "64+20,3+1" },
        { KvElementType.BFloat16, 2, 96, 160, 32, "10+5,130+1,0+0,62+3" },
        { KvElementType.Float32, 1, 256, 256, 4, "5+3,9+1" },
        { KvElementType.BFloat16, 3, 100, 250, 3, "20+2,9+1,66+1" },
        { KvElementType.Float16, 70, 8, 24, 1, "3+2,1+1" },
        { KvElementType.Float16, 1, 8, 250, 1024, "66+3,300+1" },
        { KvElementType.Float32, 5, 36, 20, 7, "130+4" },
    };

    [Fact]
    public void Warps_decode_drawn_cases()
    {
        using GpuAttention attention = Sharing(TestDevices.Threads);
        SmallCases.Check(TestDevices.Threads, attention, SmallCases.Decoding, 40);
    }

    [Fact]
    public void Groups_compute_drawn_mixed_batches()
    {
        using GpuAttention attention = Sharing(TestDevices.Blocks);
        SmallCases.Check(TestDevices.Blocks, attention, SmallCases.Mixed, 10);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Shapes_of_all_kernels_are_served(KvElementType type, int group, int keyDim, int valueDim, int page, string rows)
    {
        using GpuAttention attention = Sharing(TestDevices.Blocks);
        SmallCases.Check(
            new GpuSite(TestDevices.Blocks),
            attention,
            AttentionCase.Of(type, (1, group), (keyDim, valueDim), rows) with { PageTokens = page });
    }

    [Theory]
    [InlineData(PoisonKind.NaN)]
    [InlineData(PoisonKind.Infinity)]
    public void Later_positions_of_a_tile_change_nothing(PoisonKind poison)
    {
        using GpuAttention attention = Sharing(TestDevices.Blocks);
        using AttentionScene scene = new(
            new GpuSite(TestDevices.Blocks), AttentionCase.Of(KvElementType.Float16, (1, 2), (16, 24), "37+50"));
        float[] whole = scene.Run(attention);
        const int Kept = 29;
        for (int position = 37 + Kept; position < 87; position++)
        {
            float spoiled = poison == PoisonKind.NaN ? float.NaN : float.PositiveInfinity;
            for (int d = 0; d < 16; d++)
            {
                scene.Image.Format.Write(scene.Image.Key(0, position, 0), d, spoiled);
            }

            for (int d = 0; d < 24; d++)
            {
                scene.Image.Format.Write(scene.Image.Value(0, position, 0), d, spoiled);
            }
        }

        scene.Upload();
        float[] output = scene.Attend(attention);
        OutputComparison.AssertSame(output.AsSpan(0, Kept * 2 * 24), whole.AsSpan(0, Kept * 2 * 24), $"{scene.Case}, {poison} from query {Kept} on");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(23)]
    [InlineData(24)]
    [InlineData(70)]
    public void A_decoded_row_is_the_same_alone_and_in_a_batch(int cached)
    {
        using GpuAttention attention = Sharing(TestDevices.Threads);
        AttentionCase alone = AttentionCase.Of(KvElementType.BFloat16, (2, 3), (32, 24), $"{cached}+1");
        AttentionSite site = new GpuSite(TestDevices.Threads);
        using AttentionScene scene = new(site, alone);
        float[] expected = scene.Run(attention);
        using AttentionScene batch = new(site, alone with { Rows = [alone.Rows[0], new(90, 1), new(0, 1), new(3, 2), new(11, 1)] });
        OutputComparison.AssertSame(batch.Run(attention).AsSpan(0, expected.Length), expected, $"{batch.Case}: the first row");
    }

    [Theory]
    [InlineData("70+1,0+1,9+1")]
    [InlineData("12+20,30+1")]
    public void Output_may_take_the_place_of_the_queries(string rows)
    {
        using GpuAttention attention = Sharing(TestDevices.Blocks);
        using AttentionScene scene = new(
            new GpuSite(TestDevices.Blocks), AttentionCase.Of(KvElementType.Float32, (2, 3), (20, 20), rows) with { Gap = 5 });
        scene.Append(attention);
        OutputComparison.AssertNear(scene.AttendInPlace(attention), scene.ExpectedOfStored(), 2e-6, "the formula");
    }

    private static GpuAttention Sharing(GpuDevice device) => new(device, TestPolicies.SharingWork(device));
}
