using KvCache.Gpu.Tests.Attention;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Attention;
using KvCache.Specs.Devices;

namespace KvCache.Gpu.FakeDriver.Tests.Tensor;

/// <summary>The stand-in's memory and the emulator's kernels: together a GPU, but for time.</summary>
internal sealed class EmulatedSite(GpuDevice device) : AttentionSite
{
    private readonly GpuSite _inner = new(device);

    public override IKvAllocator CreateAllocator(ContractSetup setup) => _inner.CreateAllocator(setup);

    public override DeviceMemory MemoryOf(IKvDevice device) => _inner.MemoryOf(device);

    public override void Finish(IKvDevice device)
    {
        base.Finish(device);
        EmulatedGpu.Check();
    }
}
