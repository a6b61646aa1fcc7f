namespace KvCache.Cuda.Driver;

/// <summary>A context of the driver, given back when its last owner lets go: the device, and everything that was allocated on it.</summary>
internal sealed unsafe class CudaContext
{
    private readonly int? _retainedDevice;
    private int _owners = 1;

    /// <summary>Adopts a context that stays somebody else's.</summary>
    public CudaContext(CudaDriver driver, nint handle)
    {
        Driver = driver;
        Handle = handle;
    }

    private CudaContext(CudaDriver driver, nint handle, int retainedDevice)
        : this(driver, handle) => _retainedDevice = retainedDevice;

    public CudaDriver Driver { get; }

    public nint Handle { get; }

    /// <summary>The latest refusal that was answered by a value.</summary>
    public CudaException? LastError { get; private set; }

    /// <summary>Takes a reference to the device's primary context, which the CUDA runtime and most engines use.</summary>
    public static CudaContext Retain(CudaDriver driver, int device)
    {
        nint handle;
        driver.Check(driver.Entries.cuDevicePrimaryCtxRetain(&handle, device), CudaEntryPoint.cuDevicePrimaryCtxRetain);
        return new CudaContext(driver, handle, device);
    }

    /// <summary>Makes the context current on the calling thread until the scope is disposed.</summary>
    /// <remarks>A lost context is not told here: what the scope was entered for gets the same answer, and can say what it is about.</remarks>
    public CudaScope Enter()
    {
        nint current = 0;
        CudaError answer = Driver.Entries.cuCtxGetCurrent(&current);
        if (answer == CudaError.Success && current == Handle)
        {
            return default;
        }

        answer = Driver.Entries.cuCtxSetCurrent(Handle);
        CheckReturn(answer, CudaEntryPoint.cuCtxSetCurrent);
        return new CudaScope(Driver, current);
    }

    /// <summary>Notes a refusal that is answered by a value.</summary>
    public void Note(CudaError answer, CudaEntryPoint entryPoint) => LastError = Driver.Describe(answer, entryPoint);

    public void AddOwner() => Interlocked.Increment(ref _owners);

    public void RemoveOwner()
    {
        if (Interlocked.Decrement(ref _owners) > 0 || _retainedDevice is not { } device)
        {
            return;
        }

        CudaError answer = Driver.Entries.cuDevicePrimaryCtxRelease_v2(device);
        if (answer != CudaError.Success && !answer.IsSticky())
        {
            Interlocked.Increment(ref _owners); // so that disposing again tries again
            throw Driver.Describe(answer, CudaEntryPoint.cuDevicePrimaryCtxRelease_v2);
        }
    }

    /// <summary>Gives something back, or throws and leaves it where it was. What a lost context held is gone already.</summary>
    public void CheckReturn(CudaError answer, CudaEntryPoint entryPoint)
    {
        if (!answer.IsSticky())
        {
            Driver.Check(answer, entryPoint);
        }
    }
}
