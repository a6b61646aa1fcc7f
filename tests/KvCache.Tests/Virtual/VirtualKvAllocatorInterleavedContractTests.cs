using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Virtual;

namespace KvCache.Tests.Virtual;

/// <summary>The contract where a token's keys and values lie side by side.</summary>
public sealed class VirtualKvAllocatorInterleavedContractTests : KvAllocatorContract
{
    protected override bool DeduplicatesByDefault => false;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => VirtualAllocators.Create(
        setup, VirtualAllocators.Fitting(setup, TokenLayout.Interleaved), layout: TokenLayout.Interleaved);
}
