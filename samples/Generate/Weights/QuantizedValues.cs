using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>What the block formats have in common: 16 small integers become floats by one scale and one offset.</summary>
internal static unsafe class QuantizedValues
{
    public const int Together = 16;

    /// <summary>A block's scale, stored as a half.</summary>
    public static float Scale(byte* half) => (float)Unsafe.ReadUnaligned<Half>(half);

    /// <summary>Stores value × scale + offset, each operation rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<sbyte> values, float scale, float offset, float* destination)
    {
        Vector256<float> scales = Vector256.Create(scale);
        Vector256<float> offsets = Vector256.Create(offset);
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(values);
        ((ToSingle(low) * scales) + offsets).Store(destination);
        ((ToSingle(high) * scales) + offsets).Store(destination + Vector256<float>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ToSingle(Vector128<short> values) =>
        Vector256.ConvertToSingle(Vector256.WidenLower(values.ToVector256Unsafe()));
}
