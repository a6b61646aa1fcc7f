using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>BF16: the upper halves of floats.</summary>
internal readonly unsafe struct BFloat16Decoder : IRowDecoder
{
    public static void Decode(byte* row, int columns, float* destination)
    {
        ushort* upper = (ushort*)row;
        int i = 0;
        for (; i <= columns - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Load(upper + i));
            (low << 16).AsSingle().Store(destination + i);
            (high << 16).AsSingle().Store(destination + i + Vector256<float>.Count);
        }

        for (; i < columns; i++)
        {
            destination[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
        }
    }
}
