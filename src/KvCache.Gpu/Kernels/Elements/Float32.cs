using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>IEEE 754 binary32, stored as it is.</summary>
internal readonly struct Float32 : IElement
{
    public static int Bytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(ArrayView<byte> memory, long offset) => memory.Cast<float>()[offset >> 2];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 LoadEight(ArrayView<byte> memory, long offset, uint mask) => new(
        ToFloats(Words.Mask(Words.Load(memory, offset), mask)), ToFloats(Words.Mask(Words.Load(memory, offset + 16), mask)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<byte> memory, long offset, float value) => memory.Cast<float>()[offset >> 2] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEight(ArrayView<byte> memory, long offset, Floats8 values)
    {
        Words.Store(memory, offset, ToBits(values.Low));
        Words.Store(memory, offset + 16, ToBits(values.High));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats4 ToFloats(Bits128 bits) =>
        new(Interop.IntAsFloat(bits.A), Interop.IntAsFloat(bits.B), Interop.IntAsFloat(bits.C), Interop.IntAsFloat(bits.D));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Bits128 ToBits(Floats4 values) =>
        new(Interop.FloatAsInt(values.A), Interop.FloatAsInt(values.B), Interop.FloatAsInt(values.C), Interop.FloatAsInt(values.D));
}
