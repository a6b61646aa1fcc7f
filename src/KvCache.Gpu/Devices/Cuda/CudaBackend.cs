using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>CUDA: memory from the driver, one stream for kernels and one for each direction of copies to and from the host.</summary>
internal sealed unsafe class CudaBackend : GpuBackend
{
    private const int OutOfMemory = 2;
    private const uint Portable = 1;
    private readonly CudaAccelerator _accelerator;
    private readonly CudaFunctions _functions;
    private readonly CudaContext _context;
    private readonly CudaStream _toDeviceStream;
    private readonly CudaStream _toHostStream;
    private readonly CudaQueue _compute;
    private readonly CudaQueue _toDevice;
    private readonly CudaQueue _toHost;

    public CudaBackend(CudaAccelerator accelerator, AcceleratorStream stream)
    {
        _accelerator = accelerator;
        _functions = CudaFunctions.Load();
        _context = new CudaContext(_functions, accelerator.NativePtr);
        _toDeviceStream = (CudaStream)accelerator.CreateStream();
        _toHostStream = (CudaStream)accelerator.CreateStream();
        Modules = new CudaModules(_context, ((CudaStream)stream).StreamPtr);
        _compute = new CudaQueue(_context, ((CudaStream)stream).StreamPtr);
        _toDevice = new CudaQueue(_context, _toDeviceStream.StreamPtr);
        _toHost = new CudaQueue(_context, _toHostStream.StreamPtr);
    }

    /// <summary>Gets the kernels that are loaded without ILGPU's help.</summary>
    public CudaModules Modules { get; }

    public override bool IsHostAccessible => false;

    public override GpuQueue Compute => _compute;

    public override GpuQueue ToDevice => _toDevice;

    public override GpuQueue ToHost => _toHost;

    public override GpuException? LastError => _context.LastError;

    public override DeviceBlock? TryAllocate(long bytes)
    {
        using CudaContext.Scope scope = _context.Enter();
        ulong address;
        int answer = _functions.Allocate(&address, (nuint)bytes);
        if (answer == OutOfMemory)
        {
            return null;
        }

        CudaContext.Check(answer, "cuMemAlloc_v2");
        try
        {
            nint stream = _toDeviceStream.StreamPtr;
            CudaContext.Check(_functions.Set(address, 0, (nuint)bytes, stream), "cuMemsetD8Async");
            CudaContext.Check(_functions.StreamSynchronize(stream), "cuStreamSynchronize");
            return new DeviceBlock((nint)address, bytes, Wrap((nint)address, bytes));
        }
        catch
        {
            _functions.Free(address);
            throw;
        }
    }

    public override void Free(DeviceBlock block)
    {
        block.Buffer.Dispose();
        using CudaContext.Scope scope = _context.Enter();
        _context.Succeeded(_functions.Free((ulong)block.Address), "cuMemFree_v2");
    }

    public override MemoryBuffer Wrap(nint address, long bytes) => new CudaView(_accelerator, address, bytes);

    public override PinnedBlock? TryAllocatePinned(long bytes)
    {
        using CudaContext.Scope scope = _context.Enter();
        void* address;
        int answer = _functions.HostAllocate(&address, (nuint)bytes, Portable);
        if (answer == OutOfMemory)
        {
            return null;
        }

        CudaContext.Check(answer, "cuMemHostAlloc");
        return new PinnedBlock((nint)address, bytes);
    }

    public override void FreePinned(PinnedBlock block)
    {
        using CudaContext.Scope scope = _context.Enter();
        _context.Succeeded(_functions.HostFree((void*)block.Address), "cuMemFreeHost");
    }

    public override void Drain()
    {
        // All streams of the context: an engine may have kernels on its own.
        using CudaContext.Scope scope = _context.Enter();
        _context.Succeeded(_functions.ContextSynchronize(), "cuCtxSynchronize");
    }

    public override void Dispose()
    {
        Modules.Dispose();
        _compute.Close();
        _toDevice.Close();
        _toHost.Close();
        _toDeviceStream.Dispose();
        _toHostStream.Dispose();
    }
}
