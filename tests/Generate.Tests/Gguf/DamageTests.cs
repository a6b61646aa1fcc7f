using Generate.Gguf;
using Xunit;

namespace Generate.Tests.Gguf;

public sealed class DamageTests
{
    /// <summary>What a refusal may take on the managed heap, whatever numbers are in the file.</summary>
    private const long LittleMemory = 64 << 10;

    /// <summary>The field that is overwritten, with what (4 or 8 bytes), and what the message says was expected and found.</summary>
    public static TheoryData<string, object, string> Fields => new()
    {
        { "magic", 0x46474755u, "expected the magic 'GGUF', found 0x46474755" },
        { "version", 0u, "expected version 2 or 3, little-endian, found 0" },
        { "version", 1u, "expected version 2 or 3, little-endian, found 1" },
        { "version", 4u, "expected version 2 or 3, little-endian, found 4" },
        { "version", 0x03000000u, "expected version 2 or 3, little-endian, found 0x03000000: the file is big-endian" },
        { "version", 0x02000000u, "expected version 2 or 3, little-endian, found 0x02000000: the file is big-endian" },
        { "tensor count", ulong.MaxValue, "expected a tensor count of at most" },
        { "tensor count", 1_000_000ul, "expected a tensor count of at most" },
        { "metadata count", 1ul << 63, "expected a metadata count of at most" },
        { "metadata count", 1_000ul, "expected a metadata count of at most" },
        { "key name", ulong.MaxValue, "expected a key of at most" },
        { "key name", 65_536ul, "expected a key of at most" },
        { "key name", 0ul, "expected a key, found an empty one" },
        { "type of name", 13u, "expected a value type from 0 to 12, found 13" },
        { "type of name", uint.MaxValue, "expected a value type from 0 to 12, found 4294967295" },
        { "value of name", ulong.MaxValue, "expected a string length of at most" },
        { "value of name", 1ul << 40, "expected a string length of at most" },
        { "value of sound", (byte)2, "expected a boolean of 0 or 1, found 2" },
        { "element type of numbers", 9u, "expected an array of elements that are no arrays, found an array of arrays" },
        { "element type of numbers", 99u, "expected an element type from 0 to 12, found 99" },
        { "length of numbers", ulong.MaxValue, "expected an array length of at most" },
        { "length of numbers", 1ul << 61, "expected an array length of at most" },
        { "length of words", 1ul << 32, "expected an array length of at most" },
        { "value of words", 1ul << 62, "expected a string length of at most" },
        { "value of general.alignment", 0u, "expected general.alignment as a UInt32, a power of two from 8, found 0" },
        { "value of general.alignment", 4u, "expected general.alignment as a UInt32, a power of two from 8, found 4" },
        { "value of general.alignment", 48u, "expected general.alignment as a UInt32, a power of two from 8, found 48" },
        { "tensor first", ulong.MaxValue, "expected a tensor name of at most" },
        { "tensor first", 65ul, "expected a tensor name of at most 64" },
        { "tensor first", 0ul, "expected a tensor name, found an empty one" },
        { "dimensions of first", 0u, "expected from 1 to 4 dimensions of tensor 'first', found 0" },
        { "dimensions of first", 5u, "expected from 1 to 4 dimensions of tensor 'first', found 5" },
        { "dimensions of first", uint.MaxValue, "expected from 1 to 4 dimensions of tensor 'first', found 4294967295" },
        { "dimension 0 of first", 0L, "expected dimension 0 of tensor 'first' from 1 to 9223372036854775807, found 0" },
        { "dimension 0 of first", -1L, "expected dimension 0 of tensor 'first' from 1 to 9223372036854775807, found -1" },
        { "dimension 1 of first", long.MinValue, "expected dimension 1 of tensor 'first' from 1 to" },
        { "dimension 1 of first", long.MaxValue, "expected dimension 1 of tensor 'first' from 1 to 2305843009213693951" },
        { "dimension 0 of second", 33L, "expected a first dimension that is a multiple of 32, as Q8_0 is stored, found 33" },
        { "type of first", 4u, "expected a known type of tensor 'first', found 4" },
        { "type of first", 31u, "expected a known type of tensor 'first', found 31" },
        { "type of first", 43u, "expected a known type of tensor 'first', found 43" },
        { "type of first", uint.MaxValue, "expected a known type of tensor 'first', found 4294967295" },
        { "offset of first", 16L, "expected a multiple of 32, where tensor 'first' begins, found 16" },
        { "offset of first", -32L, "expected tensor 'first' of 32 bytes inside the 134 bytes from offset" },
        { "offset of second", 64L, "expected tensor 'second' of 102 bytes inside the 134 bytes from offset" },
        { "offset of second", long.MaxValue - 31, "expected tensor 'second' of 102 bytes inside the 134 bytes from offset" },
        { "offset of second", 0L, "expected tensor 'second' after the 32 bytes of 'first' at 0, found 0" },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_damaged_field_is_refused_where_it_is_and_before_memory_is_taken(string field, object value, string message)
    {
        GgufImage image = SampleImages.Small();
        GgufImage damaged = value switch
        {
            byte number => image.With(field, number),
            uint number => image.With(field, number),
            ulong number => image.With(field, number),
            long number => image.With(field, number),
            _ => throw new ArgumentException($"{value.GetType()}", nameof(value)),
        };
        AssertRefused(damaged, image.Fields[field], message);
    }

    [Fact]
    public void A_tensor_that_would_reach_past_the_end_is_refused()
    {
        GgufImage image = SampleImages.Small();
        AssertRefused(
            image.With("dimension 1 of second", 4L), image.Fields["offset of second"], "expected tensor 'second' of 136 bytes inside");
        AssertRefused(
            image.With("dimension 1 of second", long.MaxValue / 32),
            image.Fields["dimension 0 of second"],
            "expected a tensor whose bytes can be counted, found 288230376151711743 blocks of 34 bytes");
        AssertRefused(image.CutAt(image.Bytes.Length - 1), image.Fields["offset of second"], "inside the 133 bytes");
    }

    [Fact]
    public void Rows_that_end_within_a_block_are_refused_even_where_all_together_do_not()
    {
        GgufImage image = SampleImages.Small();
        AssertRefused(
            image.With("dimension 0 of second", 16L).With("dimension 1 of second", 6L),
            image.Fields["dimension 0 of second"],
            "expected a first dimension that is a multiple of 32, as Q8_0 is stored, found 16");
    }

    [Fact]
    public void A_file_that_is_cut_off_anywhere_is_refused_at_or_before_the_cut()
    {
        GgufImage image = SampleImages.Everything();
        for (int length = 0; length < image.Bytes.Length; length++)
        {
            GgufException refusal = Assert.Throws<GgufException>(() => image.CutAt(length).Open());
            Assert.InRange(refusal.Offset, 0, length);
        }

        image.Open().Dispose();
    }

    [Fact]
    public void Counts_that_are_too_large_by_one_are_refused_where_the_next_thing_is_missing()
    {
        GgufImage image = SampleImages.Small();
        AssertRefused(image.With("tensor count", 3L), image.Fields["padding"], "expected a tensor name, found an empty one");
        AssertRefused(image.With("metadata count", 6L), image.Fields["dimension 0 of first"] + 2, "expected a tensor name of at most");
        AssertRefused(image.With("length of numbers", 4L), image.Fields["key words"] + 4, "expected a key of at most");
    }

    [Fact]
    public void What_is_there_twice_is_refused_the_second_time()
    {
        GgufImage keys = new GgufBuilder().With("a", GgufValueType.Int8, (sbyte)1).With("b", GgufValueType.Int8, (sbyte)1).Build();
        AssertRefused(
            Renamed(keys, "key b", 'a'), keys.Fields["key b"], "expected a key that has not been there before, found 'a' again");
        GgufImage tensors = new GgufBuilder().WithTensor("x", [1], 1).WithTensor("y", [1], 2).Build();
        AssertRefused(
            Renamed(tensors, "tensor y", 'x'), tensors.Fields["tensor y"], "expected a tensor that has not been there before, found 'x' again");
    }

    [Fact]
    public void Names_that_are_not_UTF_8_are_refused_where_they_begin()
    {
        GgufImage image = SampleImages.Small();
        foreach (string field in new[] { "key name", "tensor first" })
        {
            byte[] damaged = [.. image.Bytes];
            damaged[image.Fields[field] + sizeof(long)] = 0xFF;
            AssertRefused(new GgufImage(damaged, image.Fields), image.Fields[field] + sizeof(long), "in UTF-8, found other bytes");
        }
    }

    [Fact]
    public void A_string_that_is_not_UTF_8_is_refused_when_it_is_asked_for()
    {
        GgufImage image = SampleImages.Small();
        byte[] damaged = [.. image.Bytes];
        int second = image.Fields["value of words"] + (2 * sizeof(long)) + 3;
        damaged[second] = 0xC0;
        using GgufFile file = new GgufImage(damaged, image.Fields).Open();
        Assert.Equal("small", file.Metadata.GetString("name"));
        GgufException refusal = Assert.Throws<GgufException>(() => file.Metadata.GetStrings("words"));
        Assert.Equal($"image, offset {second}: expected a string in UTF-8, found other bytes among the 3 there.", refusal.Message);
        Assert.Equal(second, refusal.Offset);
    }

    [Fact]
    public void An_alignment_of_another_type_is_refused()
    {
        GgufImage image = new GgufBuilder().With("general.alignment", GgufValueType.UInt64, 32ul).Build();
        AssertRefused(image, image.Fields["value of general.alignment"], "expected general.alignment as a UInt32, a power of two from 8, found UInt64");
    }

    [Fact]
    public void Names_are_shown_without_control_characters_and_not_at_any_length()
    {
        string key = "bell\u0007" + new string('x', 60_000);
        using GgufFile file = new GgufBuilder().With(key, GgufValueType.UInt8, (byte)1).Build().Open();
        GgufException refusal = Assert.Throws<GgufException>(() => file.Metadata.GetString(key));
        Assert.StartsWith("image: 'bell?xxx", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(refusal.Message.Length, 100, 200);
    }

    [Fact]
    public void Many_small_keys_before_the_damage_take_memory_in_proportion_to_the_file()
    {
        GgufBuilder builder = new();
        for (int i = 0; i < 20_000; i++)
        {
            builder.With($"{i:x}", GgufValueType.UInt8, (byte)0);
        }

        GgufImage image = builder.With("last", GgufValueType.UInt8, (byte)0).Build();
        GgufImage damaged = image.With("type of last", 13u);
        long taken = MemoryOf(() => Assert.Throws<GgufException>(damaged.Open));
        Assert.InRange(taken, 0, 24L * image.Bytes.Length);
    }

    private static GgufImage Renamed(GgufImage image, string field, char name)
    {
        byte[] copy = [.. image.Bytes];
        copy[image.Fields[field] + sizeof(long)] = (byte)name;
        return new GgufImage(copy, image.Fields);
    }

    private static void AssertRefused(GgufImage damaged, long offset, string message)
    {
        GgufException? refusal = null;
        void Open() => refusal = Assert.Throws<GgufException>(() => damaged.Open());
        Open(); // once, so that only the second time counts: code is compiled and types are loaded
        Assert.InRange(MemoryOf(Open), 0, LittleMemory);
        Assert.StartsWith($"image, offset {offset}: ", refusal!.Message, StringComparison.Ordinal);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(offset, refusal.Offset);
    }

    private static long MemoryOf(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
