using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>
/// Q4_K: 256 values of 4 bits, in eight groups with a scale and a minimum of 6 bits each, and a scale for either of these.
/// </summary>
internal readonly unsafe struct Q4_KDecoder : IRowDecoder
{
    private const int Elements = 256;
    private const int GroupElements = 32;
    private const int Groups = Elements / GroupElements;
    private const int GroupScaleBytes = 12;
    private const int Bytes = (2 * sizeof(ushort)) + GroupScaleBytes + (Elements / 2);

    public static void Decode(byte* row, int columns, float* destination)
    {
        for (int i = 0; i < columns; i += Elements, row += Bytes)
        {
            DecodeBlock(row, destination + i);
        }
    }

    private static void DecodeBlock(byte* block, float* destination)
    {
        float scaleOfScales = QuantizedValues.Scale(block);
        float scaleOfMinima = QuantizedValues.Scale(block + sizeof(ushort));
        byte* packed = block + (2 * sizeof(ushort));
        byte* pairs = packed + GroupScaleBytes;
        for (int group = 0; group < Groups; group++, destination += GroupElements)
        {
            (int scale, int minimum) = Unpack(packed, group);
            // Two groups share 32 bytes: the first has the lower four bits, the second the upper.
            byte* shared = pairs + (group / 2 * GroupElements);
            int shift = group % 2 * 4;
            Store(Vector128.Load(shared) >> shift, scaleOfScales * scale, scaleOfMinima * minimum, destination);
            Store(Vector128.Load(shared + 16) >> shift, scaleOfScales * scale, scaleOfMinima * minimum, destination + 16);
        }
    }

    private static void Store(Vector128<byte> pairs, float scale, float minimum, float* destination) =>
        QuantizedValues.Store((pairs & Vector128.Create((byte)0xF)).AsSByte(), scale, -minimum, destination);

    /// <summary>
    /// The first four groups have their six bits in bytes of their own; the last four have four of them in the last four
    /// bytes, and the upper two above those of the first four groups.
    /// </summary>
    private static (int Scale, int Minimum) Unpack(byte* packed, int group)
    {
        const int Half = Groups / 2;
        byte shared = packed[group + Half];
        return group < Half
            ? (packed[group] & 0x3F, shared & 0x3F)
            : ((shared & 0xF) | (packed[group - Half] >> 6 << 4), (shared >> 4) | (packed[group] >> 6 << 4));
    }
}
