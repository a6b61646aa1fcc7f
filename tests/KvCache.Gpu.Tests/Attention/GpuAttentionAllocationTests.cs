using KvCache.Attention;
using KvCache.Gpu.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The caller's thread is what counts on the CPU accelerator, whose own threads are ILGPU's.</summary>
public sealed class GpuAttentionAllocationTests
{
    [Fact]
    public void Calls_allocate_no_more_than_ILGPU_does()
    {
        using GpuAttention attention = new(TestDevices.Threads);
        using AttentionScene scene = new(
            new GpuSite(TestDevices.Threads), AttentionCase.Of(KvElementType.Float16, (2, 2), (16, 8), "20+1,9+3"));
        scene.Fill();
        long before = 0;
        const int Calls = 20;
        for (int i = 0; i < 2 * Calls; i++)
        {
            if (i == Calls)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, scene.Case.Scoring);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{allocated / (double)Calls} bytes for two calls.");
        Assert.True(allocated <= Calls * 2 * 1024, $"{allocated} bytes.");
    }
}
