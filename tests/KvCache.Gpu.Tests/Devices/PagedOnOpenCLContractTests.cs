using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>The paged manager on an OpenCL device, where there is one.</summary>
public sealed class PagedOnOpenCLContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, new SettledDevice(SharedDevices.Find(GpuDeviceKind.OpenCL)));

    protected override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
