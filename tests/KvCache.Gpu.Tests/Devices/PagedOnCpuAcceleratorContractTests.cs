using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>The paged manager on ILGPU's CPU accelerator.</summary>
public sealed class PagedOnCpuAcceleratorContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, SharedDevices.Cpu);

    protected override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
