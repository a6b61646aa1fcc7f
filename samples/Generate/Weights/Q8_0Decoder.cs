using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>Q8_0: 32 values of 8 bits, signed, and one scale before them.</summary>
internal readonly unsafe struct Q8_0Decoder : IRowDecoder
{
    private const int Elements = 32;
    private const int Bytes = sizeof(ushort) + Elements;

    public static void Decode(byte* row, int columns, float* destination)
    {
        for (int i = 0; i < columns; i += Elements, row += Bytes)
        {
            float scale = QuantizedValues.Scale(row);
            sbyte* values = (sbyte*)row + sizeof(ushort);
            QuantizedValues.Store(Vector128.Load(values), scale, 0, destination + i);
            QuantizedValues.Store(Vector128.Load(values + 16), scale, 0, destination + i + 16);
        }
    }
}
