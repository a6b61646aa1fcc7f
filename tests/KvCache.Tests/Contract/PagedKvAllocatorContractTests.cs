using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Contract;

public sealed class PagedKvAllocatorContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, HostDevice.Instance, deduplicate: true);
}
