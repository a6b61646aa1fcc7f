using Generate.Gguf;

namespace Generate.Tests.Weights;

/// <summary>What one element of a block stands for, worked out from its bits alone: slow, and shared with nothing.</summary>
internal static class ReferenceDecoder
{
    /// <summary>The types of weights that are supported.</summary>
    public static GgmlType[] Types =>
        [GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.Q6_K];

    /// <summary>All elements of a tensor's data, one after the other.</summary>
    public static float[] Decode(GgmlType type, byte[] data)
    {
        GgmlBlock size = GgmlBlock.Of(type);
        float[] values = new float[data.Length / size.Bytes * size.Elements];
        for (int i = 0; i < values.Length; i++)
        {
            int block = i / size.Elements;
            values[i] = Element(type, data[(block * size.Bytes)..((block + 1) * size.Bytes)], i % size.Elements);
        }

        return values;
    }

    private static float Element(GgmlType type, byte[] block, int i) => type switch
    {
        GgmlType.F32 => Float(block, 0, exponentBits: 8, mantissaBits: 23),
        GgmlType.F16 => Float(block, 0, exponentBits: 5, mantissaBits: 10),
        GgmlType.BF16 => Float(block, 0, exponentBits: 8, mantissaBits: 7),
        GgmlType.Q8_0 => Half(block, 0) * Signed(Bits(block, 8 * (2 + i), 8), 8),
        GgmlType.Q4_0 => Half(block, 0) * (Bits(block, (8 * (2 + (i % 16))) + (i / 16 * 4), 4) - 8),
        GgmlType.Q4_K => ElementQ4K(block, i),
        GgmlType.Q6_K => ElementQ6K(block, i),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such definition."),
    };

    /// <summary>d, dmin, twelve bytes of scales and minima, then two groups of 32 elements in each 32 bytes.</summary>
    private static float ElementQ4K(byte[] block, int i)
    {
        const int Scales = 8 * 4;
        const int Values = 8 * 16;
        int group = i / 32;
        int scale = group < 4
            ? Bits(block, Scales + (8 * group), 6)
            : Bits(block, Scales + (8 * (group + 4)), 4) + (16 * Bits(block, Scales + (8 * (group - 4)) + 6, 2));
        int minimum = group < 4
            ? Bits(block, Scales + (8 * (group + 4)), 6)
            : Bits(block, Scales + (8 * (group + 4)) + 4, 4) + (16 * Bits(block, Scales + (8 * group) + 6, 2));
        int value = Bits(block, Values + (8 * ((group / 2 * 32) + (i % 32))) + (group % 2 * 4), 4);
        float product = Half(block, 0) * scale * value;
        return product - (Half(block, 2) * minimum);
    }

    /// <summary>128 bytes of lower bits, 64 of upper ones, sixteen scales, d; quarters of 32 elements share bytes.</summary>
    private static float ElementQ6K(byte[] block, int i)
    {
        int half = i / 128;
        int quarter = i % 128 / 32;
        int lane = i % 32;
        int low = Bits(block, (8 * ((half * 64) + (quarter % 2 * 32) + lane)) + (quarter / 2 * 4), 4);
        int high = Bits(block, (8 * (128 + (half * 32) + lane)) + (quarter * 2), 2);
        int scale = Signed(Bits(block, 8 * (192 + (i / 16)), 8), 8);
        return Half(block, 208) * scale * (low + (16 * high) - 32);
    }

    private static float Half(byte[] block, int at) => Float(block, at, exponentBits: 5, mantissaBits: 10);

    /// <summary>A number in the binary interchange format of these widths.</summary>
    private static float Float(byte[] block, int at, int exponentBits, int mantissaBits)
    {
        int first = 8 * at;
        double mantissa = Bits(block, first, mantissaBits) / Math.Pow(2, mantissaBits);
        int exponent = Bits(block, first + mantissaBits, exponentBits);
        int bias = (1 << (exponentBits - 1)) - 1;
        double magnitude = exponent switch
        {
            0 => mantissa * Math.Pow(2, 1 - bias),
            _ when exponent == (1 << exponentBits) - 1 => mantissa == 0 ? double.PositiveInfinity : double.NaN,
            _ => (1 + mantissa) * Math.Pow(2, exponent - bias),
        };
        return (float)(Bits(block, first + mantissaBits + exponentBits, 1) == 0 ? magnitude : -magnitude);
    }

    private static int Signed(int value, int bits) => value >= 1 << (bits - 1) ? value - (1 << bits) : value;

    /// <summary>Bits from the lowest of the first byte on.</summary>
    private static int Bits(byte[] block, int first, int count)
    {
        int value = 0;
        for (int i = 0; i < count; i++)
        {
            int bit = first + i;
            value += ((block[bit / 8] >> (bit % 8)) & 1) << i;
        }

        return value;
    }
}
