using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>The paged manager on an NVIDIA GPU, where there is one.</summary>
public sealed class PagedOnCudaContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, new SettledDevice(SharedDevices.Find(GpuDeviceKind.Cuda)));

    protected override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
