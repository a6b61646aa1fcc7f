using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>Random programs of the paged manager on ILGPU's CPU accelerator.</summary>
public sealed class PagedOnCpuAcceleratorModelTests : KvAllocatorModel
{
    // The manager itself runs its whole programs on the host; here they move bytes by kernels of an emulated device.
    protected override int Operations => ModelSettings.Operations / 10;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, SharedDevices.Cpu);
}
