using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Contract;

/// <summary>The same books where there are no bytes: what tests write and read there is left out.</summary>
public sealed class PagedKvAllocatorOnDryDeviceContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, new DryDevice(), deduplicate: true);
}
