using KvCache.Gpu.Attention;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>The choice of kernels that a GPU gets, with grids that the CPU accelerator can run, and segments that small rows have several of.</summary>
internal static class TestPolicies
{
    public static KernelPolicy SharingWork(GpuDevice device) => new()
    {
        SharesWork = true,
        PlainHalf = false,
        GroupThreads = device.Accelerator.WarpSize,
        GroupLimit = 1,
        SegmentGranule = 8,
        BusyWarps = 12,
        SegmentLimit = 3,
    };
}
