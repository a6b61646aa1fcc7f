using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>The kernel for a shape's rows of a phase.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Form">How it is launched.</param>
/// <param name="Portable">What ILGPU launches; null for <see cref="KernelForm.Tensor"/>.</param>
/// <param name="Tensor">What is launched without ILGPU; null otherwise.</param>
/// <param name="Reason">What keeps the shape from tensor cores; empty if nothing.</param>
internal sealed record KernelChoice(
    GpuAttentionPhase Phase, KernelForm Form, KernelVariant<AttendArguments>? Portable, TensorKernel? Tensor, string Reason)
{
    public string Name => Tensor?.Variant.Name ?? Portable!.Name;

    /// <summary>Gets or sets whether those who listen have been told.</summary>
    public bool IsTold { get; set; }
}
