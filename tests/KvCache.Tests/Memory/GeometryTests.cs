using Xunit;

namespace KvCache.Tests.Memory;

public class GeometryTests
{
    private static readonly KvLayerGroup Good = new(32, 8, 128, 64, KvElementType.BFloat16);

    [Fact]
    public void Bytes_follow_from_the_shape()
    {
        KvGeometry geometry = new(Good);
        Assert.Equal(32 * ((8 * 128 * 2) + (8 * 64 * 2)), geometry.BytesPerToken);
        Assert.Equal((8 * 128 * 2, 8 * 64 * 2), (Good.KeyBytesPerToken, Good.ValueBytesPerToken));
        Assert.Equal(32, geometry.LayerCount);
        Assert.Equal(Good, geometry.GroupOf(31));
        Assert.Equal(Good, Assert.Single(geometry.Groups.ToArray()));
        Assert.Equal("32 layers × 8 heads × (128 + 64) BFloat16", geometry.ToString());
    }

    [Theory]
    [InlineData(KvElementType.Float32, 4)]
    [InlineData(KvElementType.Float16, 2)]
    [InlineData(KvElementType.BFloat16, 2)]
    public void An_element_has_its_types_bytes(KvElementType type, int bytes)
    {
        Assert.Equal(bytes, (Good with { ElementType = type }).ElementBytes);
        Assert.Equal(3L * 5 * 7 * 2 * bytes, KvGeometry.Create(3, 5, 7, type).BytesPerToken);
    }

    [Fact]
    public void Float16_is_the_default() =>
        Assert.Equal(KvElementType.Float16, KvGeometry.Create(1, 1, 1).Groups[0].ElementType);

    public static TheoryData<string, int, KvLayerGroup> BadNumbers => new()
    {
        { "Layers", 0, Good with { Layers = 0 } },
        { "Layers", -3, Good with { Layers = -3 } },
        { "KvHeads", 0, Good with { KvHeads = 0 } },
        { "KeyDim", -1, Good with { KeyDim = -1 } },
        { "ValueDim", 0, Good with { ValueDim = 0 } },
        { "Layers", 0, default },
    };

    [Theory]
    [MemberData(nameof(BadNumbers))]
    public void A_bad_number_is_named_with_its_value_and_what_was_expected(string what, int value, KvLayerGroup group)
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>("groups", () => new KvGeometry(group));
        Assert.Equal((long)value, error.ActualValue);
        Assert.StartsWith($"{what} is {value}; expected at least 1.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(KvElementType.Float8E4M3)]
    [InlineData(KvElementType.Float8E5M2)]
    [InlineData(KvElementType.Int8)]
    [InlineData(KvElementType.Int4)]
    [InlineData((KvElementType)99)]
    public void An_element_type_that_is_not_supported_is_refused_by_name(KvElementType type)
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => KvGeometry.Create(1, 1, 1, type));
        Assert.Equal($"Element type {type} is not supported yet; supported are Float32, Float16 and BFloat16.", error.Message);
    }

    [Theory]
    [InlineData(KvAttentionKind.SlidingWindow)]
    [InlineData(KvAttentionKind.Latent)]
    [InlineData(KvAttentionKind.Aliased)]
    public void An_attention_kind_that_is_not_supported_is_refused_by_name(KvAttentionKind kind)
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => new KvGeometry(Good with { Kind = kind }));
        Assert.Equal($"Attention kind {kind} is not supported yet; supported is Full.", error.Message);
    }

    [Fact]
    public void Several_groups_are_refused_and_none_is_an_error()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => new KvGeometry(Good, Good));
        Assert.StartsWith("2 layer groups were given;", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("groups", () => new KvGeometry());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(32)]
    public void A_layer_that_is_not_there_is_named(int layer)
    {
        ArgumentOutOfRangeException error =
            Assert.Throws<ArgumentOutOfRangeException>(nameof(layer), () => new KvGeometry(Good).GroupOf(layer));
        Assert.StartsWith($"layer is {layer}; expected 0 … 31.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_beyond_int_are_counted_and_beyond_long_are_errors()
    {
        Assert.Equal(100_000L * 100_000 * 100 * 4, KvGeometry.Create(100, 100_000, 100_000).BytesPerToken);
        Assert.Throws<OverflowException>(() => KvGeometry.Create(int.MaxValue, int.MaxValue, int.MaxValue));
        Assert.Throws<OverflowException>(() => KvGeometry.Create(int.MaxValue, int.MaxValue, 2));
    }
}
