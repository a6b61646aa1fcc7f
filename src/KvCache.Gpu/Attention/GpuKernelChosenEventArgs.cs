namespace KvCache.Gpu.Attention;

/// <summary>Which kernel serves a shape, and why.</summary>
public sealed class GpuKernelChosenEventArgs : EventArgs
{
    internal GpuKernelChosenEventArgs(GpuAttentionPhase phase, string kernel, bool usesTensorCores, string reason)
    {
        Phase = phase;
        Kernel = kernel;
        UsesTensorCores = usesTensorCores;
        Reason = reason;
    }

    /// <summary>Gets the rows that the kernel serves.</summary>
    public GpuAttentionPhase Phase { get; }

    /// <summary>Gets the kernel's name with what it is specialised for, such as <c>TensorDecode128x8.HalfMatrix.LargePages.Warps4Stages3</c>.</summary>
    public string Kernel { get; }

    /// <summary>Gets whether it multiplies on tensor cores.</summary>
    public bool UsesTensorCores { get; }

    /// <summary>Gets why it was chosen: what keeps the shape from tensor cores, a refusal of the driver among it; empty where nothing does.</summary>
    public string Reason { get; }
}
