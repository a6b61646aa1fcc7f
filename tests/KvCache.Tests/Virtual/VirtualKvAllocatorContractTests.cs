using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Virtual;

/// <summary>The contract where a group is one block: every count is as a paged cache's.</summary>
public sealed class VirtualKvAllocatorContractTests : KvAllocatorContract
{
    protected override bool DeduplicatesByDefault => false;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        VirtualAllocators.Create(setup, VirtualAllocators.Fitting(setup));
}
