using FsCheck.Xunit;
using Generate.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Weights;

/// <summary>Every format against blocks made by hand, and against the slow definition.</summary>
public sealed class DecoderTests
{
    [Fact]
    public void F32_F16_and_BF16_are_what_they_say()
    {
        Assert.Equal([1, -2.5f, 0, float.PositiveInfinity], Decode(GgmlType.F32, "0000803F 000020C0 00000000 0000807F"));
        Assert.Equal([1, -2, 65504, 5.9604645e-8f, float.NegativeInfinity], Decode(GgmlType.F16, "003C 00C0 FF7B 0100 00FC"));
        Assert.Equal([1, -2.5f, 3.125f], Decode(GgmlType.BF16, "803F 20C0 4840"));
    }

    [Fact]
    public void Q8_0_is_a_scale_and_32_signed_bytes()
    {
        // d = 0.5; the values are 0, 1, 2, …, then -128 and 127.
        byte[] block = [0x00, 0x38, .. Enumerable.Range(0, 30).Select(i => (byte)i), 0x80, 0x7F];
        Assert.Equal([.. Enumerable.Range(0, 30).Select(i => i / 2f), -64, 63.5f], Decode(GgmlType.Q8_0, block));
    }

    [Fact]
    public void Q4_0_has_its_first_16_elements_in_the_lower_nibbles()
    {
        // d = -2; byte i holds i below and 15 - i above.
        byte[] block = [0x00, 0xC0, .. Enumerable.Range(0, 16).Select(i => (byte)(i | ((15 - i) << 4)))];
        float[] low = [.. Enumerable.Range(0, 16).Select(i => -2f * (i - 8))];
        Assert.Equal([.. low, .. low.Reverse()], Decode(GgmlType.Q4_0, block));
    }

    [Fact]
    public void Q4_K_has_a_scale_and_a_minimum_of_six_bits_for_each_32_elements()
    {
        int[] scales = [1, 21, 42, 63, 18, 33, 47, 60];
        int[] minima = [63, 40, 5, 0, 34, 17, 62, 31];
        int[] values = [.. Enumerable.Range(0, 256).Select(i => ((i * 7) + (i / 32)) % 16)];
        byte[] block = new byte[144];
        block[1] = 0x3C; // d = 1
        block[3] = 0x38; // dmin = 0.5
        for (int group = 0; group < 8; group++)
        {
            block[4 + (group % 4)] |= (byte)(group < 4 ? scales[group] : scales[group] >> 4 << 6);
            block[8 + (group % 4)] |= (byte)(group < 4 ? minima[group] : minima[group] >> 4 << 6);
            block[12 + (group % 4)] |= (byte)(group < 4 ? 0 : (scales[group] & 15) | ((minima[group] & 15) << 4));
        }

        for (int i = 0; i < 256; i++)
        {
            block[16 + (i / 64 * 32) + (i % 32)] |= (byte)(i % 64 < 32 ? values[i] : values[i] << 4);
        }

        float[] expected = [.. values.Select((value, i) => (scales[i / 32] * value) - (0.5f * minima[i / 32]))];
        Assert.Equal(expected, Decode(GgmlType.Q4_K, block));
    }

    [Fact]
    public void Q6_K_has_a_signed_scale_for_each_16_elements_and_its_upper_bits_apart()
    {
        int[] scales = [1, -2, 3, -4, 50, -60, 70, -80, 127, -128, 11, -12, 13, -14, 15, 0];
        int[] values = [.. Enumerable.Range(0, 256).Select(i => ((i * 13) + (i / 16)) % 64)];
        byte[] block = new byte[210];
        block[209] = 0x34; // d = 0.25
        for (int half = 0; half < 2; half++)
        {
            for (int lane = 0; lane < 32; lane++)
            {
                int[] of = [.. Enumerable.Range(0, 4).Select(quarter => values[(half * 128) + (quarter * 32) + lane])];
                block[(half * 64) + lane] = (byte)((of[0] & 15) | ((of[2] & 15) << 4));
                block[(half * 64) + 32 + lane] = (byte)((of[1] & 15) | ((of[3] & 15) << 4));
                block[128 + (half * 32) + lane] = (byte)((of[0] >> 4) | (of[1] >> 4 << 2) | (of[2] >> 4 << 4) | (of[3] >> 4 << 6));
            }
        }

        for (int group = 0; group < 16; group++)
        {
            block[192 + group] = (byte)scales[group];
        }

        float[] expected = [.. values.Select((value, i) => 0.25f * scales[i / 16] * (value - 32))];
        Assert.Equal(expected, Decode(GgmlType.Q6_K, block));
    }

    [Property(MaxTest = 300, Replay = "20240701,99")]
    public void Random_bytes_are_decoded_as_the_definition_has_it(int seed, byte rows, byte blocks)
    {
        Random random = new(seed);
        foreach (GgmlType type in ReferenceDecoder.Types)
        {
            GgmlBlock block = GgmlBlock.Of(type);
            int rowCount = 1 + (rows % 4);
            int columns = block.Elements * (1 + (blocks % (block.Elements == 1 ? 70 : 4)));
            byte[] data = new byte[rowCount * columns / block.Elements * block.Bytes];
            random.NextBytes(data);
            float[] expected = ReferenceDecoder.Decode(type, data);
            using GgufFile file = WeightFiles.Open(type, rowCount, columns, data);
            WeightMatrix matrix = WeightMatrix.From(file.GetTensor("w"));
            float[] row = new float[columns];
            for (int i = rowCount - 1; i >= 0; i--)
            {
                matrix.CopyRow(i, row);
                Assert.Equal(expected[(i * columns)..((i + 1) * columns)], row);
            }
        }
    }

    private static float[] Decode(GgmlType type, string hex) => Decode(type, Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    private static float[] Decode(GgmlType type, byte[] data)
    {
        GgmlBlock block = GgmlBlock.Of(type);
        int columns = data.Length / block.Bytes * block.Elements;
        using GgufFile file = WeightFiles.Open(type, 1, columns, data);
        float[] row = new float[columns];
        WeightMatrix.From(file.GetTensor("w")).CopyRow(0, row);
        Assert.Equal(row, ReferenceDecoder.Decode(type, data));
        return row;
    }
}
