using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract with room for one layer and one block more.</summary>
public sealed class LayerwiseOneBlockToSpareContractTests : KvAllocatorContract
{
    protected override bool LayersMove => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.OneBlockToSpare(setup);
}
