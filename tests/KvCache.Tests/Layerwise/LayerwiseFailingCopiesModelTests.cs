using KvCache.Specs;
using KvCache.Specs.Devices;
using KvCache.Specs.Model;

namespace KvCache.Tests.Layerwise;

/// <summary>Programs with room for one layer and one block more, where copies are late and one in a hundred fails.</summary>
public sealed class LayerwiseFailingCopiesModelTests : KvAllocatorModel
{
    protected override bool LayersMove => true;

    protected override bool CopiesFail => false;

    protected override int Operations => ModelSettings.Operations / 40;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => LayerwiseAllocators.OneBlockToSpare(setup, new WaywardLink(seed: 5, failures: 0.01));
}
