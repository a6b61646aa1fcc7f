using KvCache.Specs;
using KvCache.Specs.Model;
using KvCache.Virtual;

namespace KvCache.Tests.Virtual;

/// <summary>Programs where a group is several blocks and a token's keys and values lie side by side.</summary>
public sealed class VirtualKvAllocatorInterleavedModelTests : KvAllocatorModel
{
    /// <summary>Every operation calls the system, up to fifty times.</summary>
    protected override int Operations => ModelSettings.Operations / 20;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => VirtualAllocators.Create(
        setup, VirtualAllocators.ManyBlocksPerGroup, lookaheadTokens: 5, TokenLayout.Interleaved);

    protected override int GroupTokensOf(IKvAllocator allocator) => ((VirtualKvAllocator)allocator).Plan.GroupTokens;
}
