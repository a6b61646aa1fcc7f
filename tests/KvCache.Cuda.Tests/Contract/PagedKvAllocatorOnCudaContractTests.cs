using KvCache.Specs;
using KvCache.Specs.Contract;

namespace KvCache.Cuda.Tests.Contract;

/// <summary>The paged manager on a GPU's memory, as the simulated driver has it: work runs at once, and the processor can look at the bytes.</summary>
public sealed class PagedKvAllocatorOnCudaContractTests : KvAllocatorContract, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, _simulated.Device, _simulated.Link);

    void IDisposable.Dispose()
    {
        Dispose();
        _simulated.Dispose();
    }
}
