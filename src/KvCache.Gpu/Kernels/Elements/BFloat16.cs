using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal readonly struct BFloat16 : IElement
{
    private const uint Upper = 0xFFFF0000;
    private const uint Infinity = 0x7F800000;
    private const uint QuietNaN = 0x40;

    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<byte> memory, long offset) => Interop.IntAsFloat((uint)Words.LoadWord(memory, offset) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadEight(ArrayView<byte> memory, long offset, uint mask)
    {
        Bits128 bits = Words.Mask(Words.Load(memory, offset), mask);
        return new Floats8(
            new Floats4(Lower(bits.A), Higher(bits.A), Lower(bits.B), Higher(bits.B)),
            new Floats4(Lower(bits.C), Higher(bits.C), Lower(bits.D), Higher(bits.D)));
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
    private static float Lower(uint pair) => Interop.IntAsFloat(pair << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Higher(uint pair) => Interop.IntAsFloat(pair & Upper);

    /// <summary>Half a unit less one is added, and one more where the last bit kept is odd: ties go to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Encode(float value)
    {
        uint bits = Interop.FloatAsInt(value);
        uint rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        uint quiet = (bits >> 16) | QuietNaN;
        return (bits & 0x7FFFFFFF) > Infinity ? quiet : rounded;
    }
}
