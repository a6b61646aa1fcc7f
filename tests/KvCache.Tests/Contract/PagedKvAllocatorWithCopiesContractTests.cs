using KvCache.Memory;
using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Contract;

/// <summary>The same promises where equal content computed twice stays twice in memory.</summary>
public sealed class PagedKvAllocatorWithCopiesContractTests : KvAllocatorContract
{
    protected override bool DeduplicatesByDefault => false;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        PagedAllocators.Create(setup, HostDevice.Instance, deduplicate: false);
}
