using Generate.Gguf;
using Generate.Tests.Gguf;

namespace Generate.Tests.Weights;

/// <summary>Files of one tensor, 'w'.</summary>
internal static class WeightFiles
{
    public static GgufFile Open(GgmlType type, int rows, int columns, byte[] data) =>
        new GgufBuilder().WithTensor("w", type, [columns, rows], data).Build().Open();

    /// <summary>Random blocks whose scales are of a size that trained weights have.</summary>
    public static byte[] RandomData(GgmlType type, int rows, int columns, int seed)
    {
        Random random = new(seed);
        GgmlBlock block = GgmlBlock.Of(type);
        byte[] data = new byte[(long)rows * columns / block.Elements * block.Bytes];
        random.NextBytes(data);
        for (int at = 0; at < data.Length; at += block.Bytes)
        {
            Span<byte> bytes = data.AsSpan(at, block.Bytes);
            switch (type)
            {
                case GgmlType.F32:
                    BitConverter.TryWriteBytes(bytes, (random.NextSingle() * 2) - 1);
                    break;
                case GgmlType.F16:
                    BitConverter.TryWriteBytes(bytes, (Half)((random.NextSingle() * 2) - 1));
                    break;
                case GgmlType.BF16:
                    BitConverter.TryWriteBytes(bytes, (ushort)(BitConverter.SingleToUInt32Bits((random.NextSingle() * 2) - 1) >> 16));
                    break;
                case GgmlType.Q6_K:
                    BitConverter.TryWriteBytes(bytes[208..], RandomScale(random));
                    break;
                case GgmlType.Q4_K:
                    BitConverter.TryWriteBytes(bytes, RandomScale(random));
                    BitConverter.TryWriteBytes(bytes[2..], RandomScale(random));
                    break;
                default:
                    BitConverter.TryWriteBytes(bytes, RandomScale(random));
                    break;
            }
        }

        return data;
    }

    private static Half RandomScale(Random random) => (Half)((random.NextSingle() - 0.5f) * 0.01f);
}
