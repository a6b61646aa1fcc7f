using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract where one copy in a hundred fails, and all are late.</summary>
public sealed class LayerwiseFailingCopiesContractTests : KvAllocatorContract
{
    protected override bool LayersMove => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.OneBlockToSpare(setup, new WaywardLink(seed: 4, failures: 0.01));
}
