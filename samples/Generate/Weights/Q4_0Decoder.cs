using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>Q4_0: 32 values of 4 bits, 8 of which stands for zero, and one scale before them.</summary>
internal readonly unsafe struct Q4_0Decoder : IRowDecoder
{
    private const int Elements = 32;
    private const int Bytes = sizeof(ushort) + (Elements / 2);
    private const int Zero = 8;

    public static void Decode(byte* row, int columns, float* destination)
    {
        Vector128<sbyte> zero = Vector128.Create((sbyte)Zero);
        for (int i = 0; i < columns; i += Elements, row += Bytes)
        {
            float scale = QuantizedValues.Scale(row);
            Vector128<byte> pairs = Vector128.Load(row + sizeof(ushort));
            QuantizedValues.Store((pairs & Vector128.Create((byte)0xF)).AsSByte() - zero, scale, 0, destination + i);
            QuantizedValues.Store((pairs >> 4).AsSByte() - zero, scale, 0, destination + i + 16);
        }
    }
}
