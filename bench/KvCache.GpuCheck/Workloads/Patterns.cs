using System.Runtime.InteropServices;

namespace KvCache.GpuCheck.Workloads;

/// <summary>Bytes to fill memory with.</summary>
internal static class Patterns
{
    private const int Elements = 1 << 22;

    /// <summary>NaN in every element type.</summary>
    public static byte[] Poison { get; } = [.. Enumerable.Repeat((byte)0xFF, 1 << 16)];

    /// <summary>Numbers from −1 to 1, as a cache stores them.</summary>
    public static byte[] Numbers(KvElementType type, int seed)
    {
        float[] numbers = Floats(Elements, seed);
        return type switch
        {
            KvElementType.Float32 => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray(),
            KvElementType.Float16 => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(numbers, static number => (Half)number)).ToArray(),
            _ => MemoryMarshal.AsBytes<ushort>(
                Array.ConvertAll(numbers, static number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16))).ToArray(),
        };
    }

    /// <summary>Numbers from −1 to 1.</summary>
    public static float[] Floats(long count, int seed)
    {
        Random random = new(seed);
        float[] numbers = new float[count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (random.NextSingle() * 2) - 1;
        }

        return numbers;
    }
}
