using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Tests.Layerwise;

/// <summary>The contract where the device holds all layers.</summary>
public sealed class LayerwiseContractTests : KvAllocatorContract
{
    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.Whole(setup);
}
