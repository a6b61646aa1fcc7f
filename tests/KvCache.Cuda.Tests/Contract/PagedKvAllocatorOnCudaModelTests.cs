using KvCache.Specs;
using KvCache.Specs.Model;

namespace KvCache.Cuda.Tests.Contract;

public sealed class PagedKvAllocatorOnCudaModelTests : KvAllocatorModel, IDisposable
{
    private readonly Simulated _simulated = Simulated.Eager();

    protected override IKvAllocator CreateAllocator(ContractSetup setup) => PagedAllocators.Create(setup, _simulated.Device, _simulated.Link);

    public void Dispose() => _simulated.Dispose();
}
