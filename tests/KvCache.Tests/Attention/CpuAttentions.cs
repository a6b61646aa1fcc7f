using System.Runtime.Intrinsics;
using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>Makes attentions on the processor as the suites ask for them.</summary>
internal static class CpuAttentions
{
    public static CpuAttention OnThreads(int threads) => new(new CpuAttentionOptions { Threads = threads });

    /// <summary>An attention whose kernels work on vectors of so many bits, even where they do not divide a head; the test is skipped where the processor has none.</summary>
    public static CpuAttention OnVectors(int bits, int threads)
    {
        bool present = bits switch
        {
            128 => Vector128.IsHardwareAccelerated,
            256 => Vector256.IsHardwareAccelerated,
            _ => Vector512.IsHardwareAccelerated,
        };
        Assert.SkipUnless(present, $"This processor has no vectors of {bits} bits.");

        return new CpuAttention(new CpuAttentionOptions { Threads = threads, ForcedWidth = bits });
    }
}
