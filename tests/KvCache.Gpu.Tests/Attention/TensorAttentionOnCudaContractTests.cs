using KvCache.Gpu.Attention;
using KvCache.Gpu.Tests.Devices;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>On a GPU of compute capability 8.0 or more, where there is one.</summary>
public sealed class TensorAttentionOnCudaContractTests : TensorAttentionContract
{
    protected override AttentionSite Site { get; } = new GpuSite(SharedDevices.Find(GpuDeviceKind.Cuda));

    protected override GpuAttention CreateAttention()
    {
        ILGPU.Runtime.Cuda.CudaAccelerator accelerator = (ILGPU.Runtime.Cuda.CudaAccelerator)SharedDevices.Find(GpuDeviceKind.Cuda).Accelerator;
        Assert.SkipWhen(accelerator.Architecture.Major < 8, $"The GPU's compute capability is {accelerator.Architecture}; tensor cores take 8.0.");
        return new GpuAttention(SharedDevices.Find(GpuDeviceKind.Cuda));
    }
}
