using System.Runtime.InteropServices;

namespace KvCache.Specs.Attention;

/// <summary>A binary floating-point format by its definition: which number some bits are, and which bits are nearest to a number.</summary>
public sealed class ElementFormat
{
    private static readonly ElementFormat Float32 = new(8, 23);
    private static readonly ElementFormat Float16 = new(5, 10);
    private static readonly ElementFormat BFloat16 = new(8, 7);
    private readonly int _mantissaBits;
    private readonly int _minExponent;
    private readonly Lazy<double[]> _numbers;

    private ElementFormat(int exponentBits, int mantissaBits)
    {
        _mantissaBits = mantissaBits;
        _minExponent = 2 - (1 << (exponentBits - 1));
        Bytes = (1 + exponentBits + mantissaBits) / 8;
        SignBit = 1u << (exponentBits + mantissaBits);
        Infinity = ((1u << exponentBits) - 1) << mantissaBits;
        _numbers = new Lazy<double[]>(() => [.. Enumerable.Range(0, 1 << 16).Select(bits => Define((uint)bits))]);
    }

    public int Bytes { get; }

    public uint SignBit { get; }

    /// <summary>The bits of +∞; larger ones, without the sign, are no numbers.</summary>
    public uint Infinity { get; }

    /// <summary>The weight of the last mantissa bit of 1: twice the largest relative error of a number that is stored.</summary>
    public double Precision => PowerOfTwo(-_mantissaBits);

    public static ElementFormat Of(KvElementType type) => type switch
    {
        KvElementType.Float32 => Float32,
        KvElementType.Float16 => Float16,
        KvElementType.BFloat16 => BFloat16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No format is known."),
    };

    public bool IsNaN(uint bits) => (bits & ~SignBit) > Infinity;

    /// <summary>The bits of the number nearest to a value, of two the one with an even last bit; too large ones become ∞.</summary>
    public uint Encode(float value)
    {
        uint sign = float.IsNegative(value) ? SignBit : 0;
        double magnitude = Math.Abs((double)value);
        if (!double.IsFinite(magnitude))
        {
            return sign | (double.IsNaN(magnitude) ? Infinity + (1u << (_mantissaBits - 1)) : Infinity);
        }

        // In the binade of the number (subnormals share the lowest one) representable numbers are multiples of a quantum.
        int exponent = Math.Max(_minExponent, ExponentOf(magnitude));
        double quanta = Math.Round(magnitude * PowerOfTwo(_mantissaBits - exponent), MidpointRounding.ToEven);
        uint bits = ((uint)(exponent - _minExponent) << _mantissaBits) + (uint)quanta;
        return sign | Math.Min(bits, Infinity);
    }

    public double Decode(uint bits) => Bytes == sizeof(ushort) ? _numbers.Value[bits] : Define(bits);

    public void Write(Span<byte> bytes, int index, float value) => WriteBits(bytes, index, Encode(value));

    public void WriteBits(Span<byte> bytes, int index, uint bits)
    {
        if (Bytes == sizeof(ushort))
        {
            MemoryMarshal.Cast<byte, ushort>(bytes)[index] = (ushort)bits;
        }
        else
        {
            MemoryMarshal.Cast<byte, uint>(bytes)[index] = bits;
        }
    }

    public uint ReadBits(ReadOnlySpan<byte> bytes, int index) =>
        Bytes == sizeof(ushort) ? MemoryMarshal.Cast<byte, ushort>(bytes)[index] : MemoryMarshal.Cast<byte, uint>(bytes)[index];

    public double Read(ReadOnlySpan<byte> bytes, int index) => Decode(ReadBits(bytes, index));

    // A double has exponents enough for all numbers of the formats to be normal in it.
    private static int ExponentOf(double magnitude) => (int)(BitConverter.DoubleToUInt64Bits(magnitude) >> 52) - 1023;

    private static double PowerOfTwo(int exponent) => BitConverter.UInt64BitsToDouble((ulong)(exponent + 1023) << 52);

    private double Define(uint bits)
    {
        uint magnitude = bits & ~SignBit;
        uint field = magnitude >> _mantissaBits;
        uint fraction = magnitude & ((1u << _mantissaBits) - 1);
        double number = magnitude > Infinity ? double.NaN
            : magnitude == Infinity ? double.PositiveInfinity
            : field == 0 ? fraction * PowerOfTwo(_minExponent - _mantissaBits)
            : (fraction + (1u << _mantissaBits)) * PowerOfTwo((int)field - 1 + _minExponent - _mantissaBits);
        return (bits & SignBit) == 0 ? number : -number;
    }
}
