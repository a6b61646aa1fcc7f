using KvCache.Specs;
using KvCache.Specs.Contract;
using KvCache.Specs.Devices;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract where copies are made late, at random.</summary>
public sealed class LayerwiseLateCopiesContractTests : KvAllocatorContract
{
    protected override bool LayersMove => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.TwoOfFive(setup, new WaywardLink(seed: 3));
}
