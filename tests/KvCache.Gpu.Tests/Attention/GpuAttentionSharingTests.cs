using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The kernels whose threads share work, as a GPU runs them: warps that decode, groups that prefill in tiles.</summary>
public sealed class GpuAttentionSharingTests
{
    [Fact]
    public void Warps_decode_drawn_cases()
    {
        using GpuAttention attention = new(TestDevices.Threads, TestPolicies.SharingWork(TestDevices.Threads));
        SmallCases.Check(TestDevices.Threads, attention, SmallCases.Decoding, 40);
    }

    [Fact]
    public void Groups_compute_drawn_mixed_batches()
    {
        using GpuAttention attention = new(TestDevices.Blocks, TestPolicies.SharingWork(TestDevices.Blocks));
        SmallCases.Check(TestDevices.Blocks, attention, SmallCases.Mixed, 10);
    }
}
