using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class KernelChoiceTests
{
    [Fact]
    public void The_widest_vectors_that_leave_nothing_over_are_taken_or_else_the_widest_that_a_head_fills()
    {
        KernelChoice choice = new(null);
        int[] widths = [.. ((int[])[512, 256, 128]).Where(bits => bits <= choice.Widest)];
        Assert.Contains(128, widths);
        for (int keyDim = 1; keyDim <= 130; keyDim++)
        {
            for (int valueDim = 1; valueDim <= 130; valueDim++)
            {
                bool Divides(int bits) => keyDim % (bits / 32) == 0 && valueDim % (bits / 32) == 0;
                bool Fits(int bits) => Math.Min(keyDim, valueDim) >= bits / 32;
                int expected = widths.FirstOrDefault(Divides, widths.FirstOrDefault(Fits, 128));
                Assert.True(
                    expected == BitsOf(choice.For(Shape(keyDim, valueDim, KvElementType.Float16))),
                    $"Key dim {keyDim}, value dim {valueDim}, widest {choice.Widest}: expected {expected} bits.");
            }
        }
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void A_width_that_is_forced_is_taken_for_all_dims(int bits)
    {
        KernelChoice choice = new(bits);
        Assert.Equal(bits, choice.Widest);
        foreach (int dim in (int[])[1, 4, 20, 64, 127])
        {
            Assert.Equal(bits, BitsOf(choice.For(Shape(dim, 64, KvElementType.BFloat16))));
        }
    }

    [Fact]
    public void Kernels_are_made_once_for_each_type_and_width()
    {
        KernelChoice choice = new(null);
        KvElementType[] types = [KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16];
        AttentionKernels[] first = [.. types.Select(type => choice.For(Shape(64, 64, type)))];
        AttentionKernels[] again = [.. types.Select(type => choice.For(Shape(64, 64, type)))];
        for (int i = 0; i < types.Length; i++)
        {
            Assert.Same(first[i], again[i]);
            Assert.Contains($"{types[i]}Element", string.Join(',', first[i].GetType().GenericTypeArguments.Select(type => type.Name)), StringComparison.Ordinal);
        }
    }

    private static KvLayerGroup Shape(int keyDim, int valueDim, KvElementType type) => new(1, 2, keyDim, valueDim, type);

    /// <summary>A panel is two vectors of 32-bit lanes.</summary>
    private static int BitsOf(AttentionKernels kernels) => kernels.Panel / 2 * 32;
}
