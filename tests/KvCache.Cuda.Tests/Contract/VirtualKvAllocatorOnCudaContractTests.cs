using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>The virtual manager on the simulated driver, which fails the test on any breach of the driver's contract.</summary>
public sealed class VirtualKvAllocatorOnCudaContractTests : KvAllocatorContract, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();
    private readonly List<IDisposable> _memories = [];

    public VirtualKvAllocatorOnCudaContractTests() => VirtualAllocators.SkipUnlessAsked();

    protected override bool DeduplicatesByDefault => false;

    protected override bool? GivesMemoryBack => true;

    protected override bool DriverAllocates => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => VirtualAllocators.Create(setup, _simulated.Device, _simulated.Link, _memories);

    void IDisposable.Dispose()
    {
        Dispose();
        _memories.ForEach(static memory => memory.Dispose());
        _simulated.Dispose();
    }
}
