using System.Runtime.CompilerServices;
using ILGPU;

namespace KvCache.Gpu.Kernels.Elements;

/// <summary>Loads and stores of words at a byte of a view; the byte is a multiple of the word's size.</summary>
internal static class Words
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort LoadWord(ArrayView<byte> memory, long offset) => memory.Cast<ushort>()[offset >> 1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWord(ArrayView<byte> memory, long offset, uint bits) => memory.Cast<ushort>()[offset >> 1] = (ushort)bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128 Load(ArrayView<byte> memory, long offset) => memory.Cast<Bits128>()[offset >> 4];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ArrayView<byte> memory, long offset, Bits128 bits) => memory.Cast<Bits128>()[offset >> 4] = bits;

    /// <summary>Keeps the bits of a mask.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Bits128 Mask(Bits128 bits, uint mask) => new(bits.A & mask, bits.B & mask, bits.C & mask, bits.D & mask);
}
