using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Tests.Virtual;

/// <summary>Programs where a group is one block.</summary>
public sealed class VirtualKvAllocatorModelTests : KvAllocatorModel
{
    /// <summary>Every operation calls the system, up to a hundred times.</summary>
    protected override int Operations => ModelSettings.Operations / 10;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => VirtualAllocators.Create(setup, VirtualAllocators.GroupPerBlock);
}
