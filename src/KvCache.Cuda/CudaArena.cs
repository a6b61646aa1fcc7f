using KvCache.Cuda.Driver;
using KvCache.Memory;

namespace KvCache.Cuda;

/// <summary>Memory of <c>cuMemAlloc</c>.</summary>
internal sealed unsafe class CudaArena : KvArena
{
    private readonly CudaContext _context;
    private bool _freed;
    private bool _disposed;

    private CudaArena(CudaContext context, ulong address, long length)
        : base((nint)address, length)
    {
        _context = context;
        context.AddOwner();
    }

    public override bool CanDecommit => false;

    /// <summary>Allocates and zeroes, in the current context; null where the device has not that much.</summary>
    public static CudaArena? TryAllocate(CudaContext context, nint stream, long bytes)
    {
        CudaDriver driver = context.Driver;
        ulong address;
        CudaError answer = driver.Entries.cuMemAlloc_v2(&address, (nuint)bytes);
        if (answer == CudaError.OutOfMemory)
        {
            return null;
        }

        driver.Check(answer, CudaEntryPoint.cuMemAlloc_v2);
        CudaEntryPoint entryPoint = CudaEntryPoint.cuMemsetD8Async;
        answer = driver.Entries.cuMemsetD8Async(address, 0, (nuint)bytes, stream);
        if (answer == CudaError.Success)
        {
            entryPoint = CudaEntryPoint.cuStreamSynchronize;
            answer = driver.Entries.cuStreamSynchronize(stream); // other streams may use the memory, too
        }

        if (answer != CudaError.Success)
        {
            _ = driver.Entries.cuMemFree_v2(address); // waits for the device; what is told is why the memory was not zeroed
            throw driver.Describe(answer, entryPoint);
        }

        return new CudaArena(context, address, bytes);
    }

    protected override long DecommitCore(long offset, long bytes) => 0;

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        if (!_freed)
        {
            using CudaScope scope = _context.Enter();
            _context.CheckReturn(_context.Driver.Entries.cuMemFree_v2((ulong)Address), CudaEntryPoint.cuMemFree_v2);
            _freed = true;
        }

        _context.RemoveOwner();
        _disposed = true;
    }
}
