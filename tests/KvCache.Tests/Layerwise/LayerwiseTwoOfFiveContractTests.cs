using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract with room on the device for two of five layers.</summary>
public sealed class LayerwiseTwoOfFiveContractTests : KvAllocatorContract
{
    protected override bool LayersMove => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.TwoOfFive(setup);
}
