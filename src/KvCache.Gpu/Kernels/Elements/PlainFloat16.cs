using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>IEEE 754 binary16, converted with integer operations, for devices that have no conversion.</summary>
/// <remarks>No subnormal binary32 occurs on the way, so that flushing them to zero changes nothing.</remarks>
internal readonly struct PlainFloat16 : IElement
{
    private const uint Infinity = 0x7F800000;
    private const uint Half = 0x3F000000; // of ½ the last bit is worth 2⁻²⁴, as of a subnormal binary16
    private const uint Rebias = (127 - 15) << 23;
    private const uint SmallestNormal = 0x38800000; // 2⁻¹⁴
    private const uint FirstTooLarge = 0x47800000; // 2¹⁶

    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<byte> memory, long offset) => Decode(Words.LoadWord(memory, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadEight(ArrayView<byte> memory, long offset, uint mask)
    {
        Bits128 bits = Words.Mask(Words.Load(memory, offset), mask);
        return new Floats8(
            new Floats4(Decode(bits.A & 0xFFFF), Decode(bits.A >> 16), Decode(bits.B & 0xFFFF), Decode(bits.B >> 16)),
            new Floats4(Decode(bits.C & 0xFFFF), Decode(bits.C >> 16), Decode(bits.D & 0xFFFF), Decode(bits.D >> 16)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<byte> memory, long offset, float value) => Words.StoreWord(memory, offset, Encode(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(ArrayView<byte> memory, long offset, Floats8 values) => Words.Store(memory, offset, new Bits128(
        Encode(values.Low.A) | (Encode(values.Low.B) << 16),
        Encode(values.Low.C) | (Encode(values.Low.D) << 16),
        Encode(values.High.A) | (Encode(values.High.B) << 16),
        Encode(values.High.C) | (Encode(values.High.D) << 16)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Decode(uint bits)
    {
        uint magnitude = bits & 0x7FFF;
        uint normal = (magnitude << 13) + Rebias;
        uint subnormal = Interop.FloatAsInt(Interop.IntAsFloat(Half + magnitude) - 0.5f);
        uint result = magnitude >= 0x400 ? normal : subnormal;
        result = magnitude >= 0x7C00 ? normal | Infinity : result;
        return Interop.IntAsFloat(result | ((bits & 0x8000) << 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Encode(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        uint magnitude = bits & 0x7FFFFFFF;

        // Normal: change the bias, add half a unit less one, and one more where the last bit kept is odd.
        uint normal = (magnitude - Rebias + 0xFFF + ((magnitude >> 13) & 1)) >> 13;

        // Subnormal: the adder rounds at the right bit.
        uint subnormal = Interop.FloatAsInt(Interop.IntAsFloat(magnitude) + 0.5f) - Half;
        uint result = magnitude < SmallestNormal ? subnormal : normal;
        result = magnitude < FirstTooLarge ? result : 0x7C00;
        result = magnitude > Infinity ? 0x7E00 : result;
        return result | ((bits >> 16) & 0x8000);
    }
}
