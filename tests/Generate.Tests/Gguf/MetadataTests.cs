using Generate.Gguf;
using Xunit;

namespace Generate.Tests.Gguf;

public sealed class MetadataTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_type_of_value_is_read_back(uint version)
    {
        using GgufFile file = SampleImages.Everything(version).Open();
        GgufMetadata metadata = file.Metadata;
        Assert.Equal((int)version, file.Version);
        Assert.Equal(25, metadata.Count);
        Assert.Equal(200, metadata.GetInt32("u8"));
        Assert.Equal(-100, metadata.GetInt32("i8"));
        Assert.Equal(60_000, metadata.GetInt32("u16"));
        Assert.Equal(-30_000, metadata.GetInt32("i16"));
        Assert.Equal(-2_000_000_000, metadata.GetInt32("i32"));
        Assert.Equal(1.5f, metadata.GetSingle("f32"));
        Assert.Equal(-0.1f, metadata.GetSingle("f64"));
        Assert.True(metadata.GetBoolean("yes"));
        Assert.Equal("Grüße, 世界", metadata.GetString("text"));
        Assert.Equal([0, 255], metadata.GetInt32s("u8s"));
        Assert.Equal([-128, 127], metadata.GetInt32s("i8s"));
        Assert.Equal([0, 65_535], metadata.GetInt32s("u16s"));
        Assert.Equal([-32_768, 32_767], metadata.GetInt32s("i16s"));
        Assert.Equal([1, 2, 3], metadata.GetInt32s("u32s"));
        Assert.Equal([int.MinValue, int.MaxValue], metadata.GetInt32s("i32s"));
        Assert.Equal([7], metadata.GetInt32s("u64s"));
        Assert.Equal([-7, 7], metadata.GetInt32s("i64s"));
        Assert.Equal([0.25f, -3e38f], metadata.GetSingles("f32s"));
        Assert.Equal([0.5f, 1e-3f], metadata.GetSingles("f64s"));
        Assert.Equal(["", "a", "ünï", "<0x0A>"], metadata.GetStrings("texts"));
        Assert.Empty(metadata.GetInt32s("none"));
    }

    [Fact]
    public void Values_that_no_getter_gives_are_there_as_stored()
    {
        using GgufFile file = SampleImages.Everything().Open();
        Dictionary<string, GgufValue> values = file.Metadata.ToDictionary();
        Assert.Equal((Int128)18_000_000_000_000_000_000ul, values["u64"].IntegerAt(0));
        Assert.Equal((Int128)(-9_000_000_000_000_000_000L), values["i64"].IntegerAt(0));
        Assert.Equal((Int128)4_000_000_000u, values["u32"].IntegerAt(0));
        GgufValue truths = values["truths"];
        Assert.Equal([true, false, true], Enumerable.Range(0, 3).Select(i => truths.BooleanAt(i)));
        Assert.Equal("an array of 3 Boolean", truths.ToString());
        Assert.Equal("Float64", values["f64"].ToString());
    }

    [Fact]
    public void A_missing_key_is_named_with_what_was_expected_or_simply_not_there()
    {
        using GgufFile file = SampleImages.Everything().Open();
        GgufMetadata metadata = file.Metadata;
        AssertMissing("an integer", () => metadata.GetInt32("no.such"));
        AssertMissing("an array of integers", () => metadata.GetInt32s("no.such"));
        AssertMissing("a float", () => metadata.GetSingle("no.such"));
        AssertMissing("an array of floats", () => metadata.GetSingles("no.such"));
        AssertMissing("a boolean", () => metadata.GetBoolean("no.such"));
        AssertMissing("a string", () => metadata.GetString("no.such"));
        AssertMissing("an array of strings", () => metadata.GetStrings("no.such"));
        Assert.False(metadata.Contains("no.such"));
        Assert.False(metadata.TryGetInt32("no.such", out _));
        Assert.False(metadata.TryGetInt32s("no.such", out _));
        Assert.False(metadata.TryGetSingle("no.such", out _));
        Assert.False(metadata.TryGetSingles("no.such", out _));
        Assert.False(metadata.TryGetBoolean("no.such", out _));
        Assert.False(metadata.TryGetString("no.such", out _));
        Assert.False(metadata.TryGetStrings("no.such", out _));
    }

    [Fact]
    public void A_value_of_another_type_is_refused_by_key_type_and_expectation()
    {
        using GgufFile file = SampleImages.Everything().Open();
        GgufMetadata metadata = file.Metadata;
        AssertOther("'f32' is stored as Float32; expected an integer", () => metadata.TryGetInt32("f32", out _));
        AssertOther("'yes' is stored as Boolean; expected an integer", () => metadata.GetInt32("yes"));
        AssertOther("'i32s' is stored as an array of 2 Int32; expected an integer", () => metadata.GetInt32("i32s"));
        AssertOther("'i32' is stored as Int32; expected an array of integers", () => metadata.GetInt32s("i32"));
        AssertOther("'texts' is stored as an array of 4 String; expected an array of integers", () => metadata.GetInt32s("texts"));
        AssertOther("'i32' is stored as Int32; expected a float", () => metadata.GetSingle("i32"));
        AssertOther("'u8s' is stored as an array of 2 UInt8; expected an array of floats", () => metadata.GetSingles("u8s"));
        AssertOther("'u8' is stored as UInt8; expected a boolean", () => metadata.GetBoolean("u8"));
        AssertOther("'u8' is stored as UInt8; expected a string", () => metadata.GetString("u8"));
        AssertOther("'text' is stored as String; expected an array of strings", () => metadata.GetStrings("text"));
        AssertOther("'u32' holds 4000000000; expected an integer of 32 bits", () => metadata.GetInt32("u32"));
        AssertOther("'u64' holds 18000000000000000000; expected an integer of 32 bits", () => metadata.GetInt32("u64"));
        AssertOther("'i64' holds -9000000000000000000; expected an integer of 32 bits", () => metadata.GetInt32("i64"));
    }

    [Fact]
    public void Nothing_is_read_from_a_file_that_has_been_closed()
    {
        GgufFile file = SampleImages.Everything().Open();
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.GetString("text"));
        Assert.Throws<ObjectDisposedException>(() => file.Metadata.GetInt32("i32"));
    }

    private static void AssertMissing(string expected, Func<object> get) =>
        Assert.Equal($"image: the key 'no.such' is missing; expected {expected}.", Assert.Throws<GgufException>(get).Message);

    private static void AssertOther(string message, Func<object> get) =>
        Assert.Equal($"image: {message}.", Assert.Throws<GgufException>(get).Message);
}
