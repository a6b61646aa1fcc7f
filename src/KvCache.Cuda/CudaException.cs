using KvCache.Cuda.Driver;

namespace KvCache.Cuda;

/// <summary>The CUDA driver refused a call that had to succeed.</summary>
public sealed class CudaException : Exception
{
    internal CudaException(CudaError error, string entryPoint, string name, string? consequence = null)
        : base(Describe(error, entryPoint, name, consequence))
    {
        Error = error;
        EntryPoint = entryPoint;
    }

    /// <summary>Gets the driver's answer.</summary>
    public CudaError Error { get; }

    /// <summary>Gets the driver's function that gave it, such as "cuMemMap".</summary>
    public string EntryPoint { get; }

    /// <summary>Gets whether the context is lost: every later call fails in the same way, and the process must be restarted.</summary>
    public bool IsSticky => Error.IsSticky();

    private static string Describe(CudaError error, string entryPoint, string name, string? consequence)
    {
        string text = $"{entryPoint} failed: {name} ({(int)error}).";
        text += consequence is null ? "" : $" {consequence}";
        return error.IsSticky()
            ? $"{text} The error ends the CUDA context: all its memory is lost, every later call fails in the same way, and the process must be restarted."
            : text;
    }
}
