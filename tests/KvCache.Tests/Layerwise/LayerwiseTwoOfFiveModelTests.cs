using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Tests.Layerwise;

/// <summary>Programs with room on the device for two of five layers.</summary>
public sealed class LayerwiseTwoOfFiveModelTests : KvAllocatorModel
{
    protected override bool LayersMove => true;

    protected override bool CopiesFail => false;

    protected override int Operations => ModelSettings.Operations / 40;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.TwoOfFive(setup);
}
