using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract where all layers are resident until the last block is taken.</summary>
public sealed class LayerwiseAlmostWholeContractTests : KvAllocatorContract
{
    protected override bool LayersMove => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.AlmostWhole(setup);
}
