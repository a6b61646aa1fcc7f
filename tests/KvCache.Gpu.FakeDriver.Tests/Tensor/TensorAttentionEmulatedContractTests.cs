using KvCache.Gpu.Attention;
using KvCache.Gpu.Tests.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>The whole way without a GPU: what is launched runs in the emulator, with the arguments and memory of the launch.</summary>
/// <remarks>The kernels of ILGPU among them: append and combine.</remarks>
[Collection(OneDriver.Name)]
public sealed class TensorAttentionEmulatedContractTests : TensorAttentionContract
{
    private static readonly Lazy<GpuDevice> LazyDevice = new(FakeDriver.Open);

    public TensorAttentionEmulatedContractTests()
    {
        FakeDriver.Require();
        EmulatedGpu.Begin();
        Site = new EmulatedSite(LazyDevice.Value);
    }

    protected override AttentionSite Site { get; }

    protected override GpuAttention CreateAttention() => new(LazyDevice.Value, KernelFolder.Options);

    protected override void Release()
    {
        FakeDriver.RunEverything();
        EmulatedGpu.End();
        EmulatedGpu.Check();
    }
}
