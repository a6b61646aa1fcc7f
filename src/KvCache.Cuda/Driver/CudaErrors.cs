namespace KvCache.Cuda.Driver;

/// <summary>What follows from an answer of the driver.</summary>
internal static class CudaErrors
{
    /// <summary>Whether the context is lost with this error: every later call on it fails in the same way.</summary>
    public static bool IsSticky(this CudaError error) =>
        error is CudaError.UncorrectableMemory or CudaError.Deinitialized or CudaError.ContextIsDestroyed
            or (>= CudaError.IllegalAddress and <= CudaError.LaunchTimeout) or (> CudaError.ContextIsDestroyed and <= CudaError.LaunchFailed
                and not (CudaError)712 and not (CudaError)713); // 712, 713: host memory already registered, or not registered
}
