using KvCache.Specs;
using KvCache.Specs.Model;
using KvCache.Virtual;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>Programs on the simulated driver, which fails the test on any breach of the driver's contract.</summary>
public abstract class VirtualKvAllocatorOnCudaModel(int lookaheadTokens) : KvAllocatorModel, IDisposable
{
    private readonly Simulated _simulated = VirtualAllocators.Simulate();
    private readonly List<IDisposable> _memories = [];

    /// <summary>Every operation calls the driver, up to a hundred times.</summary>
    protected override int Operations => ModelSettings.Operations / 80;

    protected abstract KvGeometry GeometryOf(ContractSetup setup);

    protected override int GroupTokensOf(IKvAllocator allocator) => ((VirtualKvAllocator)allocator).Plan.GroupTokens;

    protected override IKvAllocator CreateAllocator(ContractSetup setup)
    {
        // Programs are run one after the other, each allocator closed before the next is made.
        DisposeMemories();
        return VirtualAllocators.Create(setup, GeometryOf(setup), _simulated.Device, _memories, lookaheadTokens);
    }

    public void Dispose()
    {
        DisposeMemories();
        _simulated.Dispose();
        GC.SuppressFinalize(this);
    }

    private void DisposeMemories()
    {
        _memories.ForEach(static memory => memory.Dispose());
        _memories.Clear();
    }
}

/// <summary>A group is one block.</summary>
public sealed class VirtualKvAllocatorOnCudaModelTests() : VirtualKvAllocatorOnCudaModel(lookaheadTokens: 0)
{
    protected override KvGeometry GeometryOf(ContractSetup setup) => VirtualAllocators.GroupPerBlock(setup);
}

/// <summary>A group is several blocks, mapped ahead.</summary>
public sealed class VirtualKvAllocatorGroupsOnCudaModelTests() : VirtualKvAllocatorOnCudaModel(lookaheadTokens: 5)
{
    protected override KvGeometry GeometryOf(ContractSetup setup) => VirtualAllocators.ManyBlocksPerGroup;
}
