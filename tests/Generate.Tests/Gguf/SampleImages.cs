using Generate.Gguf;

namespace Generate.Tests.Gguf;

/// <summary>Sound files that tests damage.</summary>
internal static class SampleImages
{
    /// <summary>A value of every type alone, an array of every type, and a tensor of every known type.</summary>
    public static GgufImage Everything(uint version = 3)
    {
        GgufBuilder builder = new() { Version = version };
        builder
            .With("u8", GgufValueType.UInt8, (byte)200)
            .With("i8", GgufValueType.Int8, (sbyte)-100)
            .With("u16", GgufValueType.UInt16, (ushort)60_000)
            .With("i16", GgufValueType.Int16, (short)-30_000)
            .With("u32", GgufValueType.UInt32, 4_000_000_000u)
            .With("i32", GgufValueType.Int32, -2_000_000_000)
            .With("u64", GgufValueType.UInt64, 18_000_000_000_000_000_000ul)
            .With("i64", GgufValueType.Int64, -9_000_000_000_000_000_000L)
            .With("f32", GgufValueType.Float32, 1.5f)
            .With("f64", GgufValueType.Float64, -0.1)
            .With("yes", GgufValueType.Boolean, true)
            .With("text", GgufValueType.String, "Grüße, 世界")
            .WithArray<byte>("u8s", GgufValueType.UInt8, 0, 255)
            .WithArray<sbyte>("i8s", GgufValueType.Int8, -128, 127)
            .WithArray<ushort>("u16s", GgufValueType.UInt16, 0, 65_535)
            .WithArray<short>("i16s", GgufValueType.Int16, -32_768, 32_767)
            .WithArray("u32s", GgufValueType.UInt32, 1u, 2u, 3u)
            .WithArray("i32s", GgufValueType.Int32, int.MinValue, int.MaxValue)
            .WithArray("u64s", GgufValueType.UInt64, 7ul)
            .WithArray("i64s", GgufValueType.Int64, -7L, 7L)
            .WithArray("f32s", GgufValueType.Float32, 0.25f, -3e38f)
            .WithArray("f64s", GgufValueType.Float64, 0.5, 1e-3)
            .WithArray("truths", GgufValueType.Boolean, true, false, true)
            .WithArray("texts", GgufValueType.String, "", "a", "ünï", "<0x0A>")
            .WithArray<int>("none", GgufValueType.Int32);
        foreach (GgmlType type in Enum.GetValues<GgmlType>())
        {
            GgmlBlock block = GgmlBlock.Of(type);
            byte[] data = new byte[6 * block.Bytes];
            new Random((int)type).NextBytes(data);
            builder.WithTensor($"{type}.weight", type, [2 * block.Elements, 3], data);
        }

        return builder.WithTensor("norm", [5], 1, 2, 3, 4, 5).Build();
    }

    /// <summary>Two tensors and a handful of metadata: small enough that most damage hits something.</summary>
    public static GgufImage Small() => new GgufBuilder()
        .With("general.alignment", GgufValueType.UInt32, 32u)
        .With("name", GgufValueType.String, "small")
        .With("sound", GgufValueType.Boolean, true)
        .WithArray("numbers", GgufValueType.Int32, 1, 2, 3)
        .WithArray("words", GgufValueType.String, "one", "two")
        .WithTensor("first", [4, 2], 1, 2, 3, 4, 5, 6, 7, 8)
        .WithTensor("second", GgmlType.Q8_0, [32, 3], new byte[3 * 34])
        .Build();
}
