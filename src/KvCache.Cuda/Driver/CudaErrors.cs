namespace KvCache.Cuda.Driver;

/// <summary>What follows from an answer of the driver.</summary>
internal static class CudaErrors
{
    /// <summary>Whether the context is lost with this error: every later call on it fails in the same way.</summary>
    /// <remarks>By the descriptions in <c>cuda.h</c>: "the process must be terminated and relaunched", or there is no context any more.</remarks>
    public static bool IsSticky(this CudaError error) => error
        is CudaError.Deinitialized
        or CudaError.UncorrectableMemory
        or CudaError.IllegalAddress
        or CudaError.LaunchTimeout
        or CudaError.ContextIsDestroyed
        or (CudaError)710 // assertion in a kernel
        or (>= (CudaError)714 and <= CudaError.LaunchFailed); // stack, instruction, alignment, address space, program counter
}
