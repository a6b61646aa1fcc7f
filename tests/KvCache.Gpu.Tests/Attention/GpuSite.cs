using KvCache.Gpu.Tests.Devices;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Attention;
using KvCache.Specs.Devices;

namespace KvCache.Gpu.Tests.Attention;

/// <summary>Paged memory of a GPU device.</summary>
internal sealed class GpuSite(GpuDevice device) : AttentionSite
{
    public override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, new SettledDevice(device));

    public override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
