using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>What is stored has the same bits as what <see cref="CpuAttention"/> stores.</summary>
public sealed class AppendBitsTests
{
    private const int Seed = 20_261_124;

    // Zeros, subnormals, the ends of both 16-bit formats and half ways next to them, infinities, NaN.
    private static readonly uint[] Edges =
    [
        0, 1, 0x007F_FFFF, 0x0080_0000, 0x3300_0000, 0x3300_0001, 0x32FF_FFFF, 0x387F_C000, 0x387F_E000, 0x387F_F000, 0x3880_0000, 0x3880_1000,
        0x3880_3000, 0x477F_E000, 0x477F_EFFF, 0x477F_F000, 0x4780_0000, 0x7F7F_7FFF, 0x7F7F_8000, 0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7FC0_0000,
        0x7FFF_FFFF, 0x3F80_8000, 0x3F81_8000, 0x3F80_1000, 0x3F80_3000,
    ];

    [Theory]
    [InlineData(KvElementType.Float32, 0)]
    [InlineData(KvElementType.Float32, 1)]
    [InlineData(KvElementType.Float16, 0)]
    [InlineData(KvElementType.Float16, 1)]
    [InlineData(KvElementType.BFloat16, 0)]
    [InlineData(KvElementType.BFloat16, 1)]
    public void A_million_numbers_are_stored_as_on_the_processor(KvElementType type, int skew)
    {
        // An operand that is not aligned goes through the kernel that stores one element at a time.
        using AttentionScene scene = new(
            new GpuSite(TestDevices.Threads), AttentionCase.Of(type, (2, 1), (128, 128), "3+2048") with { PageTokens = 64, Skew = skew });
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {Seed}.");
        Random random = new(Seed);
        Fill(scene.Rows[0].Keys, random);
        Fill(scene.Rows[0].Values, random);
        using GpuAttention attention = new(TestDevices.Threads);
        scene.Append(attention);
        (byte[] keys, byte[] values) = ([.. scene.Image.Keys], [.. scene.Image.Values]);
        using CpuAttention processor = new();
        scene.Append(processor);
        Assert.True(scene.Image.Keys.AsSpan().SequenceEqual(keys), "The keys' bits differ.");
        Assert.True(scene.Image.Values.AsSpan().SequenceEqual(values), "The values' bits differ.");
    }

    private static void Fill(float[] elements, Random random)
    {
        for (int i = 0; i < elements.Length; i++)
        {
            uint drawn = (uint)random.NextInt64(1L << 32);
            uint edge = Edges[drawn % Edges.Length] | (drawn & 0x8000_0000);
            elements[i] = BitConverter.UInt32BitsToSingle(i % 4 == 0 ? edge : drawn);
        }
    }
}
