using System.Buffers.Binary;

namespace KvCache.Gpu.Tests.Emulator;

/// <summary>Numbers in bytes and in registers.</summary>
internal static class Words
{
    public static ulong Read(ReadOnlySpan<byte> bytes, int count) => count switch
    {
        1 => bytes[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    public static void Write(Span<byte> bytes, int count, ulong value)
    {
        switch (count)
        {
            case 1:
                bytes[0] = (byte)value;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
                break;
            case 4:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)value);
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
                break;
        }
    }

    public static float Float(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    public static ulong Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    /// <summary>A number of 16 bits.</summary>
    public static float Small(ulong bits, bool brain) =>
        brain ? BitConverter.UInt32BitsToSingle((uint)(bits & 0xFFFF) << 16) : (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    /// <summary>A number rounded to 16 bits, ties to even.</summary>
    public static ulong SmallBits(float value, bool brain)
    {
        if (!brain)
        {
            return BitConverter.HalfToUInt16Bits((Half)value);
        }

        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? 0x7FFF : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }
}
