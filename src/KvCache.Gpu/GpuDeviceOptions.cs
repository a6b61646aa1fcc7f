using ILGPU;
using ILGPU.Runtime.CPU;

namespace KvCache.Gpu;

/// <summary>How a device is opened. The defaults suit engines.</summary>
public sealed record GpuDeviceOptions
{
    /// <summary>Gets the defaults.</summary>
    public static GpuDeviceOptions Default { get; } = new();

    /// <summary>Gets the shape of the CPU accelerator: threads per warp × warps × multiprocessors, each thread one of the system's.</summary>
    /// <value>4 × 4 × 1 by default.</value>
    public CPUDevice CpuAccelerator { get; init; } = new(4, 4, 1);

    /// <summary>Gets more settings for ILGPU's context, such as math modes, made after the package's own.</summary>
    /// <value>None by default: optimisation level O2 and ILGPU's algorithms.</value>
    public Action<Context.Builder>? Configure { get; init; }
}
