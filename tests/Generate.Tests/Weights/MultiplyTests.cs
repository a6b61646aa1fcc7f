using Generate.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Weights;

public sealed class MultiplyTests
{
    /// <summary>Odd rows, columns that fill no vector where the format allows it, and shapes that take several strips and threads.</summary>
    public static TheoryData<string, int, int> Shapes
    {
        get
        {
            TheoryData<string, int, int> shapes = [];
            foreach (GgmlType type in ReferenceDecoder.Types)
            {
                int block = GgmlBlock.Of(type).Elements;
                shapes.Add($"{type}", 1, block);
                shapes.Add($"{type}", 7, block == 1 ? 61 : 3 * block);
                shapes.Add($"{type}", 37, block == 1 ? 333 : 256);
                shapes.Add($"{type}", 1027, block == 1 ? 129 : 256);
                shapes.Add($"{type}", 3, block == 1 ? 40_003 : 158 * 256);
            }

            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Products_are_those_of_double_precision_for_any_number_of_tokens(string typeName, int rows, int columns)
    {
        GgmlType type = Enum.Parse<GgmlType>(typeName);
        byte[] data = WeightFiles.RandomData(type, rows, columns, seed: rows + columns);
        float[] weights = ReferenceDecoder.Decode(type, data);
        using GgufFile file = WeightFiles.Open(type, rows, columns, data);
        WeightMatrix matrix = WeightMatrix.From(file.GetTensor("w"));
        const int MostTokens = 9;
        float[] inputs = RandomInputs(MostTokens * columns, seed: 5);
        float[] alone = new float[MostTokens * rows];
        for (int token = 0; token < MostTokens; token++)
        {
            matrix.Multiply(inputs.AsSpan(token * columns, columns), alone.AsSpan(token * rows, rows), 1);
        }

        AssertProducts(weights, inputs, alone, rows, columns);
        for (int tokens = 2; tokens <= MostTokens; tokens++)
        {
            float[] outputs = new float[tokens * rows];
            Array.Fill(outputs, float.NaN);
            matrix.Multiply(inputs.AsSpan(0, tokens * columns), outputs, tokens);
            Assert.Equal(alone[..(tokens * rows)], outputs); // to the last bit
        }
    }

    [Fact]
    public void No_tokens_are_multiplied_to_no_outputs()
    {
        using GgufFile file = WeightFiles.Open(GgmlType.F32, 2, 3, new byte[24]);
        WeightMatrix.From(file.GetTensor("w")).Multiply([], [], 0);
    }

    [Fact]
    public void Spans_of_another_length_are_refused_with_what_was_expected()
    {
        using GgufFile file = WeightFiles.Open(GgmlType.F32, 2, 3, new byte[24]);
        WeightMatrix matrix = WeightMatrix.From(file.GetTensor("w"));
        ArgumentException inputs = Assert.Throws<ArgumentException>(() => matrix.Multiply(new float[7], new float[4], 2));
        Assert.StartsWith("7 floats; expected 2 × 3 = 6.", inputs.Message, StringComparison.Ordinal);
        Assert.Equal("inputs", inputs.ParamName);
        ArgumentException outputs = Assert.Throws<ArgumentException>(() => matrix.Multiply(new float[6], new float[3], 2));
        Assert.StartsWith("3 floats; expected 2 × 2 = 4.", outputs.Message, StringComparison.Ordinal);
        Assert.Equal("outputs", outputs.ParamName);
        Assert.Equal("destination", Assert.Throws<ArgumentException>(() => matrix.CopyRow(0, new float[4])).ParamName);
        float[] shared = new float[8];
        Assert.Equal("outputs", Assert.Throws<ArgumentException>(() => matrix.Multiply(shared.AsSpan(0, 3), shared.AsSpan(2, 2), 1)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>("tokens", () => matrix.Multiply([], [], -1));
        Assert.Throws<ArgumentOutOfRangeException>("row", () => matrix.CopyRow(-1, new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>("row", () => matrix.CopyRow(2, new float[3]));
    }

    [Fact]
    public void Nothing_is_multiplied_once_the_file_is_closed()
    {
        GgufFile file = WeightFiles.Open(GgmlType.Q8_0, 1, 32, new byte[34]);
        WeightMatrix matrix = WeightMatrix.From(file.GetTensor("w"));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => matrix.Multiply(new float[32], new float[1], 1));
        Assert.Throws<ObjectDisposedException>(() => matrix.CopyRow(0, new float[32]));
    }

    internal static float[] RandomInputs(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>Within what float sums of so many terms may be off, measured by the sum of the terms' magnitudes.</summary>
    internal static void AssertProducts(float[] weights, float[] inputs, float[] outputs, int rows, int columns)
    {
        for (int i = 0; i < outputs.Length; i++)
        {
            (int token, int row) = Math.DivRem(i, rows);
            double sum = 0;
            double magnitude = 0;
            for (int column = 0; column < columns; column++)
            {
                double product = (double)weights[(row * columns) + column] * inputs[(token * columns) + column];
                sum += product;
                magnitude += Math.Abs(product);
            }

            Assert.InRange(outputs[i], sum - (magnitude * 1e-5), sum + (magnitude * 1e-5));
        }
    }
}
