using System.Runtime.Intrinsics;
using KvCache.Attention;
using KvCache.Attention.Simd;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>2ˣ and tanh are as near as they say, everywhere.</summary>
public class ExponentialTests
{
    [Fact]
    public void Powers_of_two_are_near()
    {
        double worst = 0;
        for (float x = -126; x <= 127; x += 1 / 4096f)
        {
            double exact = Math.Pow(2, x);
            worst = Math.Max(worst, Math.Abs(Exp2(x) - exact) / exact);
        }

        Assert.True(worst < Math.ScaleB(1, -23), $"The worst relative error is {worst:E3}.");
    }

    [Fact]
    public void Whole_powers_of_two_are_exact()
    {
        for (int x = -126; x <= 127; x++)
        {
            Assert.Equal(MathF.ScaleB(1, x), Exp2(x));
        }
    }

    [Theory]
    [InlineData(-126.0001f)]
    [InlineData(-127)]
    [InlineData(-1000)]
    [InlineData(-1e30f)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_below_the_smallest_power_is_zero(float x) => Assert.Equal(0, Exp2(x));

    [Fact]
    public void No_number_stays_none()
    {
        Assert.Equal(float.NaN, Exp2(float.NaN));
        Assert.Equal(float.NaN, Tanh(float.NaN));
    }

    [Fact]
    public void Tanh_is_near()
    {
        double worst = 0;
        for (double magnitude = 1e-30; magnitude < 1e30; magnitude *= magnitude is > 1e-4 and < 100 ? 1.0001 : 1.01)
        {
            float x = (float)magnitude;
            double exact = Math.Tanh(x);
            worst = Math.Max(worst, Math.Abs(Tanh(x) - exact) / exact);
            Assert.Equal(-Tanh(x), Tanh(-x));
        }

        Assert.True(worst < Math.ScaleB(1, -21), $"The worst relative error is {worst:E3}.");
    }

    [Theory]
    [InlineData(-0f, -0f)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(float.NegativeInfinity, -1)]
    [InlineData(float.MaxValue, 1)]
    public void Tanh_reaches_its_ends(float x, float expected) =>
        Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(Tanh(x)));

    private static float Exp2(float x) => Exponential.Exp2<Simd128, Vector128<float>>(Vector128.Create(x)).ToScalar();

    private static float Tanh(float x) => Exponential.Tanh<Simd128, Vector128<float>>(Vector128.Create(x)).ToScalar();
}
