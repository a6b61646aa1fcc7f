using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>IEEE 754 binary16, read by the device's own conversion.</summary>
internal readonly struct Float16 : IElement
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<byte> memory, long offset) => Interop.IntAsFloat(Words.LoadWord(memory, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadEight(ArrayView<byte> memory, long offset, uint mask)
    {
        Bits128 bits = Words.Mask(Words.Load(memory, offset), mask);
        return new Floats8(
            new Floats4(Lower(bits.A), Higher(bits.A), Lower(bits.B), Higher(bits.B)),
            new Floats4(Lower(bits.C), Higher(bits.C), Lower(bits.D), Higher(bits.D)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<byte> memory, long offset, float value) => PlainFloat16.Store(memory, offset, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(ArrayView<byte> memory, long offset, Floats8 values) => PlainFloat16.StoreEight(memory, offset, values);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Lower(uint pair) => Interop.IntAsFloat((ushort)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Higher(uint pair) => Interop.IntAsFloat((ushort)(pair >> 16));
}
