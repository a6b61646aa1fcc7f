using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class KvTensorTests
{
    [Fact]
    public void A_tensor_is_what_it_was_said_to_be()
    {
        KvTensor dense = new(4096, 5, 3, 7, KvElementType.Float16);
        Assert.Equal((4096, 5, 3, 7, KvElementType.Float16, 3 * 7 * 2), (dense.Address, dense.Tokens, dense.Heads, dense.HeadDim, dense.ElementType, dense.TokenStride));
        Assert.Equal(100, new KvTensor(4096, 5, 3, 7, KvElementType.Float32, 100).TokenStride);
        Assert.Equal(84, new KvTensor(4096, 5, 3, 7, KvElementType.Float32, 84).TokenStride);
        Assert.Equal("[5][3][7] Float16", dense.ToString());
        Assert.Equal((0, 1, 1), (new KvTensor(0, 0, 1, 1).Tokens, new KvTensor(0, 0, 1, 1).Heads, new KvTensor(0, 0, 1, 1).HeadDim));
    }

    [Theory]
    [InlineData(-1, 3, 7, 0, "tokens", "-1")]
    [InlineData(5, 0, 7, 0, "heads", "0")]
    [InlineData(5, -3, 7, 0, "heads", "-3")]
    [InlineData(5, 3, 0, 0, "headDim", "0")]
    [InlineData(5, 3, int.MinValue, 0, "headDim", "-2147483648")]
    [InlineData(5, 3, 7, 80, "tokenStride", "80")]
    [InlineData(5, 3, 7, -84, "tokenStride", "-84")]
    public void Sizes_that_cannot_be_are_refused(int tokens, int heads, int headDim, long tokenStride, string name, string value)
    {
        ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>(
            () => new KvTensor(4096, tokens, heads, headDim, KvElementType.Float32, tokenStride));
        Assert.Equal(name, refusal.ParamName);
        Assert.Contains(value, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("expected", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_without_an_address_are_refused() =>
        Assert.Contains("5 tokens", Assert.Throws<ArgumentException>("address", () => new KvTensor(0, 5, 3, 7)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(4098, 0, KvElementType.Float32)]
    [InlineData(4097, 0, KvElementType.Float16)]
    [InlineData(4096, 86, KvElementType.Float32)]
    [InlineData(4096, 85, KvElementType.BFloat16)]
    public void What_elements_do_not_fit_is_refused(int address, long tokenStride, KvElementType type) =>
        Assert.Throws<ArgumentException>(nameof(address), () => new KvTensor(address, 5, 3, 7, type, tokenStride));

    [Theory]
    [InlineData(KvElementType.Float8E4M3)]
    [InlineData(KvElementType.Int4)]
    public void Element_types_that_are_not_supported_are_refused_by_name(KvElementType type) =>
        Assert.Contains($"{type}", Assert.Throws<NotSupportedException>(() => new KvTensor(4096, 5, 3, 7, type)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_largest_tensors_are_computed_in_long_numbers()
    {
        KvTensor large = new(4096, int.MaxValue, 1 << 20, 1 << 20);
        Assert.Equal(1L << 42, large.TokenStride);
        Assert.Throws<OverflowException>(() => new KvTensor(4096, 1, int.MaxValue, int.MaxValue));
    }
}
