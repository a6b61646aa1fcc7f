using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class KvScoringTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Numbers_that_are_none_are_refused(float number)
    {
        AssertRefused(nameof(KvScoring.Scale), number, () => new KvScoring { Scale = number });
        AssertRefused(nameof(KvScoring.SoftCap), number, () => new KvScoring { SoftCap = number });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-float.Epsilon)]
    public void A_negative_cap_is_refused(float cap) => AssertRefused(nameof(KvScoring.SoftCap), cap, () => new KvScoring { SoftCap = cap });

    [Fact]
    public void What_is_not_given_is_zero()
    {
        Assert.Equal((0f, 0f), (default(KvScoring).Scale, default(KvScoring).SoftCap));
        Assert.Equal((-0.5f, 30f), (new KvScoring { Scale = -0.5f, SoftCap = 30 }.Scale, new KvScoring { Scale = 1, SoftCap = 30 }.SoftCap));
    }

    private static void AssertRefused(string name, float number, Func<object?> make)
    {
        ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>(make);
        Assert.Contains($"{name} is {number}; expected", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(number, refusal.ActualValue);
    }
}
