using System.Runtime.InteropServices;
using Generate.Gguf;
using Xunit;

namespace Generate.Tests.Gguf;

public sealed unsafe class TensorTests
{
    /// <summary>Elements and bytes of a block, by the number that files hold.</summary>
    public static TheoryData<int, string, int, int> Blocks => new()
    {
        { 0, "F32", 1, 4 }, { 1, "F16", 1, 2 }, { 2, "Q4_0", 32, 2 + 16 }, { 3, "Q4_1", 32, 4 + 16 }, { 6, "Q5_0", 32, 2 + 4 + 16 },
        { 7, "Q5_1", 32, 4 + 4 + 16 }, { 8, "Q8_0", 32, 2 + 32 }, { 9, "Q8_1", 32, 4 + 32 }, { 10, "Q2_K", 256, 4 + 16 + 64 },
        { 11, "Q3_K", 256, 2 + 64 + 32 + 12 }, { 12, "Q4_K", 256, 4 + 128 + 12 }, { 13, "Q5_K", 256, 4 + 128 + 32 + 12 },
        { 14, "Q6_K", 256, 2 + 128 + 64 + 16 }, { 15, "Q8_K", 256, 4 + 256 + 32 }, { 16, "IQ2_XXS", 256, 2 + 64 },
        { 17, "IQ2_XS", 256, 2 + 64 + 8 }, { 18, "IQ3_XXS", 256, 2 + 96 }, { 19, "IQ1_S", 256, 2 + 32 + 16 }, { 20, "IQ4_NL", 32, 2 + 16 },
        { 21, "IQ3_S", 256, 2 + 64 + 8 + 32 + 4 }, { 22, "IQ2_S", 256, 2 + 64 + 16 }, { 23, "IQ4_XS", 256, 2 + 2 + 4 + 128 },
        { 24, "I8", 1, 1 }, { 25, "I16", 1, 2 }, { 26, "I32", 1, 4 }, { 27, "I64", 1, 8 }, { 28, "F64", 1, 8 },
        { 29, "IQ1_M", 256, 32 + 16 + 8 }, { 30, "BF16", 1, 2 }, { 34, "TQ1_0", 256, 48 + 4 + 2 }, { 35, "TQ2_0", 256, 64 + 2 },
        { 39, "MXFP4", 32, 1 + 16 }, { 40, "NVFP4", 64, 4 + 32 }, { 41, "Q1_0", 128, 2 + 16 }, { 42, "Q2_0", 64, 2 + 16 },
    };

    [Theory]
    [MemberData(nameof(Blocks))]
    public void A_type_has_its_number_name_and_size(int number, string name, int elements, int bytes)
    {
        byte[] data = [.. Enumerable.Range(0, 3 * 2 * bytes).Select(i => (byte)(i * 7))];
        GgufImage image = new GgufBuilder().WithTensor("t", (GgmlType)number, [2 * elements, 1, 3], data).Build();
        using GgufFile file = image.Open();
        GgufTensor tensor = file.GetTensor("t");
        Assert.Equal(name, tensor.Type.ToString());
        Assert.Equal(data.Length, tensor.ByteLength);
        Assert.Equal([2 * elements, 1, 3], tensor.Dimensions);
        Assert.Equal(data, new ReadOnlySpan<byte>(tensor.Data, data.Length));
    }

    [Theory]
    [InlineData(2, 32, false)]
    [InlineData(3, 32, true)]
    [InlineData(3, 8, true)]
    [InlineData(3, 4096, true)]
    public void Tensors_lie_where_the_alignment_puts_them(uint version, int alignment, bool written)
    {
        GgufBuilder builder = new() { Version = version, Alignment = alignment };
        if (written)
        {
            builder.With("general.alignment", GgufValueType.UInt32, (uint)alignment);
        }

        GgufImage image = builder
            .WithTensor("a", [3], 1, 2, 3)
            .WithTensor("b", GgmlType.I8, [1], [42])
            .WithTensor("c", [1, 2, 1, 2], 4, 5, 6, 7)
            .Build();
        using GgufFile file = image.Open();
        Assert.Equal((uint)alignment, file.Alignment);
        Assert.Equal(["a", "b", "c"], file.Tensors.Keys);
        foreach (GgufTensor tensor in file.Tensors.Values)
        {
            Assert.Equal(image.Fields[$"data of {tensor.Name}"], tensor.Offset);
            Assert.Equal(0, tensor.Offset % alignment);
        }

        Assert.Equal([4, 5, 6, 7], new ReadOnlySpan<float>(file.GetTensor("c").Data, 4));
        Assert.Equal(42, *file.GetTensor("b").Data);
    }

    [Fact]
    public void Tensors_may_lie_in_another_order_than_they_are_listed_in()
    {
        GgufImage image = SampleImages.Small();
        int second = image.Fields["data of second"] - image.Fields["data of first"];
        GgufImage swapped = image.With("offset of first", 128L).With("offset of second", 0L);
        Assert.Equal(32, second);
        byte[] longer = [.. swapped.Bytes, .. new byte[64]];
        using GgufFile file = new GgufImage(longer, image.Fields).Open();
        Assert.Equal(image.Fields["data of first"], file.GetTensor("second").Offset);
        Assert.Equal(image.Fields["data of first"] + 128, file.GetTensor("first").Offset);
    }

    [Fact]
    public void A_file_without_tensors_or_metadata_is_sound()
    {
        using GgufFile file = new GgufBuilder().Build().Open();
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void A_missing_tensor_is_named()
    {
        using GgufFile file = SampleImages.Small().Open();
        GgufException refusal = Assert.Throws<GgufException>(() => file.GetTensor("third"));
        Assert.Equal("image: tensor 'third' is missing.", refusal.Message);
        Assert.Equal(-1, refusal.Offset);
    }

    [Fact]
    public void A_file_is_mapped_and_the_same_as_its_bytes_in_memory()
    {
        GgufImage image = SampleImages.Everything();
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, image.Bytes);
            using GgufFile mapped = GgufFile.Open(path);
            foreach (GgufTensor tensor in mapped.Tensors.Values)
            {
                ReadOnlySpan<byte> expected = image.Bytes.AsSpan((int)tensor.Offset, (int)tensor.ByteLength);
                Assert.True(expected.SequenceEqual(new ReadOnlySpan<byte>(tensor.Data, (int)tensor.ByteLength)), tensor.Name);
            }

            Assert.Equal(path, mapped.Name);
            mapped.Dispose();
            Assert.Throws<ObjectDisposedException>(() => (nint)mapped.GetTensor("norm").Data);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_damaged_file_on_disk_is_refused_by_its_path_and_let_go()
    {
        string path = Path.GetTempFileName();
        Assert.Equal(0, Assert.Throws<GgufException>(() => GgufFile.Open(path)).Offset);
        File.WriteAllBytes(path, MemoryMarshal.AsBytes("no model at all".AsSpan()).ToArray());
        GgufException refusal = Assert.Throws<GgufException>(() => GgufFile.Open(path));
        Assert.StartsWith($"{path}, offset 0: expected the magic 'GGUF'", refusal.Message, StringComparison.Ordinal);
        using (File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
        }

        File.Delete(path);
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(path));
    }
}
