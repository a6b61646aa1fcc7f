using KvCache.Cuda.Driver;

namespace KvCache.Cuda;

/// <summary>Host memory that the device copies from and to directly. Dispose gives it back.</summary>
/// <remarks>It must outlive all copies that use it. Disposing twice does nothing.</remarks>
public sealed unsafe class CudaPinnedMemory : IDisposable
{
    private const uint Portable = 1;
    private readonly CudaContext _context;
    private bool _freed;
    private bool _disposed;

    private CudaPinnedMemory(CudaContext context, nint address, long length)
    {
        _context = context;
        Address = address;
        Length = length;
        context.AddOwner();
    }

    /// <summary>Gets the first byte's address, valid on the host.</summary>
    public nint Address { get; }

    /// <summary>Gets the length in bytes.</summary>
    public long Length { get; }

    /// <summary>Allocates in the current context; null where the system has not that much.</summary>
    internal static CudaPinnedMemory? TryAllocate(CudaContext context, long bytes)
    {
        void* address;
        CudaError answer = context.Driver.Entries.cuMemHostAlloc(&address, (nuint)bytes, Portable);
        if (answer == CudaError.OutOfMemory)
        {
            return null;
        }

        context.Driver.Check(answer, CudaEntryPoint.cuMemHostAlloc);
        return new CudaPinnedMemory(context, (nint)address, bytes);
    }

    /// <summary>Gives the memory back.</summary>
    /// <exception cref="CudaException">The driver refused; disposing again tries again.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        if (!_freed)
        {
            using CudaScope scope = _context.Enter();
            _context.CheckReturn(_context.Driver.Entries.cuMemFreeHost((void*)Address), CudaEntryPoint.cuMemFreeHost);
            _freed = true;
        }

        _context.RemoveOwner();
        _disposed = true;
    }
}
