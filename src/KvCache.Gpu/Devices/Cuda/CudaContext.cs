using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>An accelerator's context, made current for the time of a call; what was current before is current again afterwards.</summary>
internal sealed unsafe class CudaContext(CudaFunctions functions, nint handle)
{
    private const int Success = 0;

    public CudaFunctions Functions => functions;

    /// <summary>Gets or sets the latest refusal that was answered by a value.</summary>
    public GpuException? LastError { get; set; }

    public Scope Enter()
    {
        Check(functions.ContextPush(handle), "cuCtxPushCurrent_v2");
        return new Scope(functions);
    }

    /// <summary>Whether a call went well; notes what the driver said otherwise.</summary>
    public bool Succeeded(int answer, string operation)
    {
        if (answer != Success)
        {
            LastError = Describe(answer, operation);
        }

        return answer == Success;
    }

    /// <exception cref="GpuException">The driver refused.</exception>
    public static void Check(int answer, string operation)
    {
        if (answer != Success)
        {
            throw Describe(answer, operation);
        }
    }

    public static GpuException Describe(int answer, string operation) => new(operation, answer, ((CudaError)answer).ToString());

    /// <summary>The time that the context is current.</summary>
    internal readonly ref struct Scope(CudaFunctions functions)
    {
        public void Dispose()
        {
            nint popped;
            functions.ContextPop(&popped);
        }
    }
}
