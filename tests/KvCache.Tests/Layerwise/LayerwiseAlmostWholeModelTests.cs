using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Tests.Layerwise;

/// <summary>Programs where all layers are resident until the last block is taken.</summary>
public sealed class LayerwiseAlmostWholeModelTests : KvAllocatorModel
{
    protected override bool LayersMove => true;

    protected override bool CopiesFail => false;

    protected override int Operations => ModelSettings.Operations / 40;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.AlmostWhole(setup);
}
