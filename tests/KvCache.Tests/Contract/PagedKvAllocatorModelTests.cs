using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Tests.Contract;

public sealed class PagedKvAllocatorModelTests : KvAllocatorModel
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, HostDevice.Instance, deduplicate: true);
}
