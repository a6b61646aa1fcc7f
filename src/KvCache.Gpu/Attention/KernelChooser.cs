using ILGPU.Runtime;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Attention;

/// <summary>Chooses the kernel for a shape once, by what the accelerator can do; tensor cores first.</summary>
internal sealed class KernelChooser(Accelerator accelerator, KernelPolicy policy, TensorCores tensor)
{
    // Sixteen threads share a query in the prefill kernel and exchange values.
    private const int LeastPrefillWarp = 16;
    private const int MostPrefillDim = 256;

    private readonly Dictionary<KernelShape, KernelChoice> _decode = [];
    private readonly Dictionary<KernelShape, KernelChoice> _prefill = [];

    /// <summary>The kernel for rows with one new token; one of <see cref="KernelForm.Threads"/> has no phase of its own.</summary>
    public KernelChoice Decode(in KernelShape shape)
    {
        if (!_decode.TryGetValue(shape, out KernelChoice? choice))
        {
            TensorKernel? kernel = tensor.Decode(shape, out string reason);
            bool warps = policy.SharesWork && Math.Max(shape.KeyDim, shape.ValueDim) <= Floats8.Count * accelerator.WarpSize;
            choice = kernel is not null ? new(GpuAttentionPhase.Decode, KernelForm.Tensor, null, kernel, reason)
                : warps ? new(
                    GpuAttentionPhase.Decode, KernelForm.Warps, KernelCatalog.Decode(shape.Type, policy.PlainHalf, shape.Aligned, shape.Group), null, reason)
                : ByThreads(GpuAttentionPhase.Decode, shape, reason);
            _decode.Add(shape, choice);
        }

        return choice;
    }

    /// <summary>The kernel for rows with several new tokens, and for those with one that no kernel of their own serves.</summary>
    public KernelChoice Prefill(in KernelShape shape)
    {
        if (!_prefill.TryGetValue(shape, out KernelChoice? choice))
        {
            TensorKernel? kernel = tensor.Prefill(shape, out string reason);
            bool tiles = policy.SharesWork && Math.Max(shape.KeyDim, shape.ValueDim) <= MostPrefillDim
                && accelerator.WarpSize >= LeastPrefillWarp && accelerator.MaxNumThreadsPerGroup >= KernelCatalog.PrefillThreads;
            choice = kernel is not null ? new(GpuAttentionPhase.Prefill, KernelForm.Tensor, null, kernel, reason)
                : tiles ? new(
                    GpuAttentionPhase.Prefill, KernelForm.Tiles, KernelCatalog.Prefill(shape.Type, policy.PlainHalf, shape.Aligned, shape.ValueDim), null, reason)
                : ByThreads(GpuAttentionPhase.Prefill, shape, reason);
            _prefill.Add(shape, choice);
        }

        return choice;
    }

    private KernelChoice ByThreads(GpuAttentionPhase phase, in KernelShape shape, string reason) =>
        new(phase, KernelForm.Threads, KernelCatalog.Thread(shape.Type, policy.PlainHalf), null, reason);
}
