using System.Runtime.InteropServices;
using Generate.Engine;
using Generate.Model;
using KvCache;
using KvCache.Gpu;
using Xunit;

namespace Generate.Tests.Model;

/// <summary>Each architecture over the cache, against the same written down without one.</summary>
public sealed class TransformerTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(nameof(TestModels.Llama))]
    [InlineData(nameof(TestModels.Qwen2))]
    [InlineData(nameof(TestModels.Qwen3))]
    [InlineData(nameof(TestModels.PartlyRotated))]
    public void Logits_are_those_of_the_plain_model(string name)
    {
        ModelShape shape = TestModels.All[name];
        AssertLikeReference(shape, RandomModel.CreateWeights(shape));
    }

    [Fact]
    public void Rotary_factors_divide_the_frequencies()
    {
        ModelWeights weights = RandomModel.CreateWeights(TestModels.Llama) with { RotaryFactors = [1, 3, 8] };
        AssertLikeReference(TestModels.Llama, weights);
    }

    [Theory]
    [InlineData(nameof(TestModels.Llama))]
    [InlineData(nameof(TestModels.Qwen3))]
    public void What_else_is_decoded_beside_a_sequence_changes_no_bit_of_it(string name)
    {
        ModelShape shape = TestModels.All[name];
        ModelWeights weights = RandomModel.CreateWeights(shape);
        int[][] sequences = [TestModels.RandomTokens(21, seed: 1), TestModels.RandomTokens(9, seed: 2), TestModels.RandomTokens(13, seed: 3)];
        float[][] together = Feed(shape, weights, sequences, chunk: 1);
        for (int i = 0; i < sequences.Length; i++)
        {
            Assert.Equal(together[i], Feed(shape, weights, [sequences[i]], chunk: 1)[0]);
        }
    }

    [Fact]
    public void A_step_that_no_array_could_hold_is_refused() => Assert.Contains(
        "A step of 65536 tokens needs 4294967296 floats",
        Assert.Throws<GenerateException>(() => new ActivationBuffer(width: 65536).Resize(65536)).Message);

    /// <summary>Biases, head norms, heads that rotate in part or by halves: what the stories model has not.</summary>
    [Theory]
    [InlineData(nameof(TestModels.Qwen2))]
    [InlineData(nameof(TestModels.Qwen3))]
    [InlineData(nameof(TestModels.PartlyRotated))]
    public void A_simulated_device_computes_every_architecture(string name)
    {
        ModelShape shape = TestModels.All[name];
        AssertLikeReference(shape, RandomModel.CreateWeights(shape), new DeviceChoice(GpuDeviceKind.CpuAccelerator, 0));
    }

    private static void AssertLikeReference(ModelShape shape, ModelWeights weights, DeviceChoice choice = default)
    {
        int[][] sequences = [TestModels.RandomTokens(21, seed: 4), TestModels.RandomTokens(10, seed: 5)];
        float[][] logits = Feed(shape, weights, sequences, chunk: 5, choice);
        ReferenceTransformer reference = new(shape, weights);
        for (int i = 0; i < sequences.Length; i++)
        {
            double[] expected = [.. reference.Logits(sequences[i]).SelectMany(static position => position)];
            Assert.Equal(expected.Length, logits[i].Length);
            Assert.All(expected.Zip(logits[i]), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
        }
    }

    private static float[][] Feed(ModelShape shape, ModelWeights weights, int[][] sequences, int chunk, DeviceChoice choice = default)
    {
        using ComputeDevice device = ComputeDevice.Open(choice, threads: 2);
        using IKvAllocator allocator = KvAllocators.Create("paged", shape.Geometry(KvElementType.Float32), blockTokens: 4, bytes: 1 << 20, device.Memory);
        List<float>[] logits = [.. sequences.Select(static _ => new List<float>())];
        new LogitsFeed(new Transformer(shape, weights, device.Attention, device.Operations), allocator, chunk).Run(
            sequences, (sequence, values) => logits[sequence].AddRange(values));
        Assert.Equal(0, allocator.Usage.OpenSequences);
        return [.. logits.Select(static values => CollectionsMarshal.AsSpan(values).ToArray())];
    }
}
