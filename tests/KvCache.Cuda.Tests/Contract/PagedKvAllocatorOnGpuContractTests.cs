using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>The paged manager on this machine's GPU.</summary>
public sealed class PagedKvAllocatorOnGpuContractTests : KvAllocatorContract, IDisposable
{
    private readonly Gpu _gpu = new();

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, _gpu.Device, _gpu.Link);

    protected override DeviceMemory MemoryOf(IKvDevice device) => ReferenceEquals(device, _gpu.Device) ? _gpu.Bytes : DeviceMemory.Of(device);

    void IDisposable.Dispose()
    {
        Dispose();
        _gpu.Dispose();
    }
}
