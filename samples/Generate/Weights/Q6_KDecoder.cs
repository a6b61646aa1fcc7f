using System.Runtime.Intrinsics;

namespace Generate.Weights;

/// <summary>
/// Q6_K: 256 values of 6 bits, 32 of which stands for zero, in sixteen groups with a signed scale of 8 bits each, and a scale
/// for these. The lower four bits lie apart from the upper two; the scale of scales comes last.
/// </summary>
internal readonly unsafe struct Q6_KDecoder : IRowDecoder
{
    private const int Elements = 256;
    private const int LowBytes = Elements / 2;
    private const int HighBytes = Elements / 4;
    private const int GroupElements = 16;
    private const int Groups = Elements / GroupElements;
    private const int Bytes = LowBytes + HighBytes + Groups + sizeof(ushort);
    private const int Zero = 32;

    public static void Decode(byte* row, int columns, float* destination)
    {
        for (int i = 0; i < columns; i += Elements, row += Bytes)
        {
            DecodeBlock(row, destination + i);
        }
    }

    private static void DecodeBlock(byte* block, float* destination)
    {
        sbyte* scales = (sbyte*)block + LowBytes + HighBytes;
        float scaleOfScales = QuantizedValues.Scale((byte*)scales + Groups);
        for (int group = 0; group < Groups; group++, destination += GroupElements)
        {
            // A half of 128 elements is four quarters of 32. The lower bits of quarters 0 and 2 share 32 bytes, those of 1 and 3
            // the next 32; the upper bits of all four share 32 bytes. A quarter is two groups.
            int half = group / 8;
            int quarter = group / 2 % 4;
            int first = group % 2 * GroupElements;
            Vector128<byte> low = Vector128.Load(block + (half * 64) + (quarter % 2 * 32) + first) >> (quarter / 2 * 4);
            Vector128<byte> high = Vector128.Load(block + LowBytes + (half * 32) + first) >> (quarter * 2);
            Vector128<byte> values = (low & Vector128.Create((byte)0xF)) | ((high & Vector128.Create((byte)3)) << 4);
            QuantizedValues.Store(
                values.AsSByte() - Vector128.Create((sbyte)Zero), scaleOfScales * scales[group], 0, destination);
        }
    }
}
