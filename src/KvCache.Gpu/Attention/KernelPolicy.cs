using ILGPU.Runtime;

namespace KvCache.Gpu.Attention;

/// <summary>Which kernels suit an accelerator, and how many threads and segments it is given.</summary>
internal sealed record KernelPolicy
{
    /// <summary>Gets whether threads of a warp may exchange values and groups may wait for one another at little cost.</summary>
    public required bool SharesWork { get; init; }

    /// <summary>Gets whether binary16 is converted with integer operations.</summary>
    public required bool PlainHalf { get; init; }

    /// <summary>Gets the threads of a group of kernels that work on elements one by one.</summary>
    public required int GroupThreads { get; init; }

    /// <summary>Gets the groups of such kernels, at most: as many as run at once.</summary>
    public required int GroupLimit { get; init; }

    /// <summary>Gets the positions of which segments of a decoded row are multiples.</summary>
    public int SegmentGranule { get; init; } = 64;

    /// <summary>Gets the warps that keep the accelerator busy: a single row is cut into segments for as many.</summary>
    public int BusyWarps { get; init; } = 64;

    /// <summary>Gets the segments of a row, at most: more cost more to bring together than they gain.</summary>
    public int SegmentLimit { get; init; } = 128;

    /// <summary>The policy for an accelerator of a kind.</summary>
    /// <remarks>On ILGPU's CPU accelerator a barrier or an exchange takes a third of a millisecond; OpenCL devices may have no
    /// exchange, nor a conversion of binary16.</remarks>
    public static KernelPolicy For(Accelerator accelerator) =>
        accelerator.AcceleratorType == AcceleratorType.Cuda ? ForCuda(accelerator) : ForThreads(accelerator);

    /// <summary>Kernels whose threads work alone.</summary>
    public static KernelPolicy ForThreads(Accelerator accelerator)
    {
        int threads = Math.Min(64, accelerator.MaxNumThreadsPerGroup);
        return new KernelPolicy
        {
            SharesWork = false,
            PlainHalf = true,
            GroupThreads = threads,
            GroupLimit = accelerator.AcceleratorType == AcceleratorType.CPU ? 1 : 16 * accelerator.NumMultiprocessors,
        };
    }

    /// <summary>How a row is cut whose layer has so many units of work in a segment.</summary>
    /// <param name="units">KV heads × parts of their groups.</param>
    public int SegmentLimitFor(int units) => Math.Clamp((BusyWarps + units - 1) / units, 1, SegmentLimit);

    private static KernelPolicy ForCuda(Accelerator accelerator) => new()
    {
        SharesWork = true,
        PlainHalf = false,
        GroupThreads = 256,
        GroupLimit = 8 * accelerator.NumMultiprocessors,
        BusyWarps = 16 * accelerator.NumMultiprocessors,
    };
}
