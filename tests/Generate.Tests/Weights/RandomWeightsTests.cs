using Generate.Weights;
using Xunit;

namespace Generate.Tests.Weights;

public sealed class RandomWeightsTests
{
    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_seed_others()
    {
        float[] first = FirstRow(new RandomWeights(7).Matrix(3, 1000));
        Assert.Equal(first, FirstRow(new RandomWeights(7).Matrix(3, 1000)));
        Assert.NotEqual(first, FirstRow(new RandomWeights(8).Matrix(3, 1000)));
        RandomWeights one = new(7);
        one.Matrix(3, 1000);
        Assert.NotEqual(first, FirstRow(one.Matrix(3, 1000)));
    }

    [Fact]
    public void The_weights_of_a_seed_never_change()
    {
        // SplitMix64 from state 0 gives E220A8397B1DCDAF, 6E789E6AA1B965F4, 06C45D188009454F: its published test vector.
        ulong[] published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F];
        Assert.Equal([.. published.Select(value => (float)(((value >> 40) / (double)(1 << 23)) - 1))], new RandomWeights(0).Vector(3, 0, 1));
        Assert.Equal(
            [.. published.Select(value => 1 + (0.5f * (float)(((value >> 40) / (double)(1 << 23)) - 1)))], new RandomWeights(0).Vector(3, 1, 0.5f));
    }

    [Fact]
    public void A_matrix_keeps_the_variance_of_its_inputs()
    {
        const int Columns = 768;
        WeightMatrix matrix = new RandomWeights(3).Matrix(2000, Columns);
        float[] inputs = MultiplyTests.RandomInputs(Columns, seed: 1);
        float[] outputs = new float[matrix.Rows];
        matrix.Multiply(inputs, outputs, 1);
        double variance = inputs.Sum(x => (double)x * x) / inputs.Length;
        Assert.InRange(outputs.Sum(y => (double)y * y) / outputs.Length, variance * 0.85, variance * 1.15);
        Assert.InRange(outputs.Average(), -0.05, 0.05);
    }

    [Fact]
    public void They_multiply_as_weights_from_a_file_do()
    {
        WeightMatrix matrix = new RandomWeights(11).Matrix(5, 67);
        float[] weights = new float[5 * 67];
        for (int row = 0; row < 5; row++)
        {
            matrix.CopyRow(row, weights.AsSpan(row * 67, 67));
        }

        float[] inputs = MultiplyTests.RandomInputs(3 * 67, seed: 2);
        float[] outputs = new float[3 * 5];
        matrix.Multiply(inputs, outputs, 3);
        MultiplyTests.AssertProducts(weights, inputs, outputs, 5, 67);
    }

    [Fact]
    public void Sizes_that_no_matrix_has_are_refused()
    {
        RandomWeights weights = new(1);
        Assert.Throws<ArgumentOutOfRangeException>("rows", () => weights.Matrix(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("columns", () => weights.Matrix(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("rows", () => weights.Matrix(1 << 16, 1 << 16));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => weights.Vector(0, 0, 1));
    }

    private static float[] FirstRow(WeightMatrix matrix)
    {
        float[] row = new float[matrix.Columns];
        matrix.CopyRow(0, row);
        return row;
    }
}
