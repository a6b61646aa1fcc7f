using Generate.Gguf;
using Generate.Tests.Gguf;
using Generate.Weights;
using Xunit;

namespace Generate.Tests.Weights;

public sealed class UnsupportedWeightsTests
{
    [Fact]
    public void Types_that_are_known_but_not_supported_are_refused_by_name_when_they_are_asked_for()
    {
        using GgufFile file = SampleImages.Everything().Open();
        foreach (GgmlType type in Enum.GetValues<GgmlType>())
        {
            GgufTensor tensor = file.GetTensor($"{type}.weight");
            if (ReferenceDecoder.Types.Contains(type))
            {
                Assert.Equal(3, WeightMatrix.From(tensor).Rows);
                continue;
            }

            Assert.Equal(
                $"image: tensor '{type}.weight' is stored as {type}; supported are F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K.",
                Assert.Throws<GgufException>(() => WeightMatrix.From(tensor)).Message);
        }
    }

    [Fact]
    public void A_tensor_of_another_shape_is_no_matrix_and_no_vector()
    {
        GgufImage image = new GgufBuilder()
            .WithTensor("one", [4], 1, 2, 3, 4)
            .WithTensor("two", [2, 2], 1, 2, 3, 4)
            .WithTensor("three", [2, 1, 2], 1, 2, 3, 4)
            .WithTensor("halves", GgmlType.F16, [2], [0, 0x3C, 0, 0xBC])
            .WithTensor("bytes", GgmlType.I8, [2], [0, 1])
            .Build();
        using GgufFile file = image.Open();
        Assert.Equal([1, 2, 3, 4], WeightVector.Read(file.GetTensor("one")));
        Assert.Equal([1, -1], WeightVector.Read(file.GetTensor("halves")));
        AssertRefused("tensor 'one' [4] F32 is no matrix; expected two dimensions, each below 2^31.", () => WeightMatrix.From(file.GetTensor("one")));
        AssertRefused(
            "tensor 'three' [2, 1, 2] F32 is no matrix; expected two dimensions, each below 2^31.", () => WeightMatrix.From(file.GetTensor("three")));
        AssertRefused("tensor 'two' [2, 2] F32 is no vector; expected one dimension, at most 2147483591.", () => WeightVector.Read(file.GetTensor("two")));
        AssertRefused(
            "tensor 'bytes' is stored as I8; supported are F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K.", () => WeightVector.Read(file.GetTensor("bytes")));
    }

    private static void AssertRefused(string message, Func<object> read) =>
        Assert.Equal($"image: {message}", Assert.Throws<GgufException>(read).Message);
}
