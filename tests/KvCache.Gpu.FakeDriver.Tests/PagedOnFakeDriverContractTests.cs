using KvCache.Gpu.Tests.Devices;
using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>The paged manager on CUDA's path, with the stand-in below it.</summary>
[Collection(OneDriver.Name)]
public sealed class PagedOnFakeDriverContractTests : KvAllocatorContract
{
    private static readonly Lazy<GpuDevice> LazyDevice = new(FakeDriver.Open);

    protected override IKvAllocator CreateAllocator(ContractSetup setup)
    {
        FakeDriver.Require();
        return PagedAllocators.Create(setup, new SettledDevice(LazyDevice.Value));
    }

    protected override DeviceMemory MemoryOf(IKvDevice device) => GpuBytes.For(device);
}
