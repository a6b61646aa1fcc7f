namespace KvCache.Cuda;

/// <summary>What the driver answers, as numbered by <c>CUresult</c>; only those that this package treats by name.</summary>
public enum CudaError
{
    /// <summary>It was done.</summary>
    Success = 0,

    /// <summary>An argument is not acceptable.</summary>
    InvalidValue = 1,

    /// <summary>There is not enough memory, or not enough of another resource.</summary>
    OutOfMemory = 2,

    /// <summary>The driver was not initialised.</summary>
    NotInitialized = 3,

    /// <summary>The driver is shutting down.</summary>
    Deinitialized = 4,

    /// <summary>There is no device.</summary>
    NoDevice = 100,

    /// <summary>There is no such device.</summary>
    InvalidDevice = 101,

    /// <summary>No context is current on the thread, or not a valid one.</summary>
    InvalidContext = 201,

    /// <summary>Memory gave data that could not be corrected. Ends the context.</summary>
    UncorrectableMemory = 214,

    /// <summary>A stream, an event or another handle is not valid.</summary>
    InvalidHandle = 400,

    /// <summary>Something that was named does not exist.</summary>
    NotFound = 500,

    /// <summary>Work has not finished. Not an error.</summary>
    NotReady = 600,

    /// <summary>A kernel or a copy touched an address that it must not touch. Ends the context.</summary>
    IllegalAddress = 700,

    /// <summary>A kernel ran too long. Ends the context.</summary>
    LaunchTimeout = 702,

    /// <summary>The context has been destroyed.</summary>
    ContextIsDestroyed = 709,

    /// <summary>A kernel failed. Ends the context.</summary>
    LaunchFailed = 719,

    /// <summary>The call is not permitted.</summary>
    NotPermitted = 800,

    /// <summary>The device or the driver does not support this.</summary>
    NotSupported = 801,

    /// <summary>An unknown error within the driver.</summary>
    Unknown = 999,
}
