using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.Model;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>Random programs of the paged manager on an OpenCL device, where there is one.</summary>
public sealed class PagedOnOpenCLModelTests : KvAllocatorModel
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, SharedDevices.Find(GpuDeviceKind.OpenCL));

    protected override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
