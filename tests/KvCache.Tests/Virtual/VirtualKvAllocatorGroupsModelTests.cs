using KvCache.Specs;
using KvCache.Specs.Model;
using KvCache.Virtual;

namespace KvCache.Tests.Virtual;

/// <summary>Programs where a group is several blocks, mapped ahead: hits share whole groups and copy or take over parts.</summary>
public sealed class VirtualKvAllocatorGroupsModelTests : KvAllocatorModel
{
    /// <summary>Every operation calls the system, up to a hundred times.</summary>
    protected override int Operations => ModelSettings.Operations / 10;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        VirtualAllocators.Create(setup, VirtualAllocators.ManyBlocksPerGroup, lookaheadTokens: 5);

    protected override int GroupTokensOf(IKvAllocator allocator) => ((VirtualKvAllocator)allocator).Plan.GroupTokens;
}
