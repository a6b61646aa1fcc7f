using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>Random programs of the paged manager on ILGPU's CPU accelerator.</summary>
public sealed class PagedOnCpuAcceleratorModelTests : KvAllocatorModel
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, SharedDevices.Cpu);
}
