namespace KvCache.Gpu;

/// <summary>A driver refused a call for another reason than exhaustion.</summary>
public sealed class GpuException : Exception
{
    /// <summary>Describes a refusal.</summary>
    /// <param name="operation">The driver's function.</param>
    /// <param name="code">What it answered.</param>
    /// <param name="codeName">The answer's name in the driver's headers.</param>
    public GpuException(string operation, int code, string codeName)
        : base($"{operation} answered {codeName} ({code}).")
    {
        Operation = operation;
        Code = code;
        CodeName = codeName;
    }

    /// <summary>Gets the driver's function, such as <c>cuMemcpyDtoDAsync_v2</c>.</summary>
    public string Operation { get; }

    /// <summary>Gets what the driver answered.</summary>
    public int Code { get; }

    /// <summary>Gets the answer's name, such as <c>CUDA_ERROR_INVALID_VALUE</c>.</summary>
    public string CodeName { get; }
}
