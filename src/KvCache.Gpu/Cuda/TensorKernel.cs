using KvCache.Gpu.Devices.Cuda;

namespace KvCache.Gpu.Cuda;

/// <summary>A variant that a device is ready to run.</summary>
/// <param name="Variant">Which one.</param>
/// <param name="Function">What is launched.</param>
/// <param name="Split">How rows are cut for it; of no meaning to prefill.</param>
internal sealed record TensorKernel(TensorVariant Variant, CudaFunction Function, TensorSplit Split);
