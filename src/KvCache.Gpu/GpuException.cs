namespace KvCache.Gpu;

/// <summary>A driver refused a call for another reason than exhaustion.</summary>
public sealed class GpuException : Exception
{
    /// <summary>Describes a refusal.</summary>
    /// <param name="operation">The driver's function.</param>
    /// <param name="code">What it answered.</param>
    /// <param name="codeName">The answer's name in the driver's headers.</param>
    public GpuException(string operation, int code, string codeName)
        : this(operation, code, codeName, details: "")
    {
    }

    /// <summary>Describes a refusal of which the driver says more.</summary>
    /// <param name="operation">The driver's function.</param>
    /// <param name="code">What it answered.</param>
    /// <param name="codeName">The answer's name in the driver's headers.</param>
    /// <param name="details">What it says, such as its compiler's log; may be empty.</param>
    public GpuException(string operation, int code, string codeName, string details)
        : base(string.IsNullOrEmpty(details) ? $"{operation} answered {codeName} ({code})." : $"{operation} answered {codeName} ({code}): {details}")
    {
        Operation = operation;
        Code = code;
        CodeName = codeName;
        Details = details;
    }

    /// <summary>Gets the driver's function, such as <c>cuMemcpyDtoDAsync_v2</c>.</summary>
    public string Operation { get; }

    /// <summary>Gets what the driver answered.</summary>
    public int Code { get; }

    /// <summary>Gets the answer's name, such as <c>CUDA_ERROR_INVALID_VALUE</c>.</summary>
    public string CodeName { get; }

    /// <summary>Gets what the driver says besides, such as its compiler's log; empty if nothing.</summary>
    public string Details { get; }
}
