using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>The virtual manager on the simulated driver, which fails the test on any breach of the driver's contract.</summary>
public sealed class VirtualKvAllocatorOnCudaModelTests : KvAllocatorModel, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();
    private readonly List<IDisposable> _memories = [];

    public VirtualKvAllocatorOnCudaModelTests() => VirtualAllocators.SkipUnlessAsked();

    /// <summary>Every operation calls the driver, up to hundreds of times.</summary>
    protected override int Operations => ModelSettings.Operations / 40;

    protected override IKvAllocator CreateAllocator(ContractSetup setup)
    {
        // Programs are run one after the other, each allocator closed before the next is made.
        DisposeMemories();
        return VirtualAllocators.Create(setup, _simulated.Device, _simulated.Link, _memories);
    }

    public void Dispose()
    {
        DisposeMemories();
        _simulated.Dispose();
    }

    private void DisposeMemories()
    {
        _memories.ForEach(static memory => memory.Dispose());
        _memories.Clear();
    }
}
