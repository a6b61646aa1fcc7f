using ILGPU;
using KvCache.Gpu.Attention;
using KvCache.Gpu.Kernels;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>A call allocates what ILGPU allocates to launch a kernel on the CPU accelerator, and nothing else.</summary>
public sealed class GpuAttentionAllocationTests
{
    private const int Calls = 20;

    [Fact]
    public void Calls_allocate_no_more_than_launches_do()
    {
        using GpuAttention attention = new(TestDevices.Threads);
        using AttentionScene scene = new(
            new GpuSite(TestDevices.Threads), AttentionCase.Of(KvElementType.Float16, (2, 2), (16, 8), "20+1,9+3"));
        scene.Fill();
        long ofCalls = Allocated(() =>
        {
            attention.Append(scene.View, scene.Keys.Tensor, scene.Values.Tensor);
            attention.Attend(scene.View, scene.Queries.Tensor, scene.Output.Tensor, scene.Case.Scoring);
        });

        // As many launches of kernels that find nothing to do.
        LoadedKernels kernels = LoadedKernels.Of(TestDevices.Threads.Accelerator);
        KernelConfig config = new(1, TestDevices.Threads.Accelerator.MaxNumThreadsPerGroup);
        long ofLaunches = Allocated(() =>
        {
            kernels.Launch(KernelCatalog.Append(KvElementType.Float16, aligned: true), TestDevices.Threads.Stream, config, default);
            kernels.Launch(KernelCatalog.Thread(KvElementType.Float16, plainHalf: true), TestDevices.Threads.Stream, config, default);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{ofCalls} bytes for two calls, {ofLaunches} for two launches.");
        Assert.True(ofCalls <= ofLaunches, $"An append and an attention allocate {ofCalls} bytes; two launches allocate {ofLaunches}.");
    }

    /// <summary>The least that one of many rounds allocates on this thread, a call.</summary>
    private static long Allocated(Action call)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 2 * Calls; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
