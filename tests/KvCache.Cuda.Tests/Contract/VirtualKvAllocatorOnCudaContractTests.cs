using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>The virtual manager on the simulated driver, which fails the test on any breach of the driver's contract.</summary>
public abstract class VirtualKvAllocatorOnCudaContract(int lookaheadTokens) : KvAllocatorContract, IDisposable
{
    private readonly Simulated _simulated = VirtualAllocators.Simulate();
    private readonly List<IDisposable> _memories = [];

    protected override bool DeduplicatesByDefault => false;

    protected override bool? GivesMemoryBack => true;

    protected override IKvAllocator CreateAllocator(ContractSetup setup) =>
        VirtualAllocators.Create(setup, VirtualAllocators.GroupPerBlock(setup), _simulated.Device, _memories, lookaheadTokens);

    void IDisposable.Dispose()
    {
        Dispose();
        _memories.ForEach(static memory => memory.Dispose());
        _simulated.Dispose();
    }
}

public sealed class VirtualKvAllocatorOnCudaContractTests() : VirtualKvAllocatorOnCudaContract(lookaheadTokens: 0);

/// <summary>The same where a thread maps ahead.</summary>
public sealed class VirtualKvAllocatorAheadOnCudaContractTests() : VirtualKvAllocatorOnCudaContract(lookaheadTokens: 64);
