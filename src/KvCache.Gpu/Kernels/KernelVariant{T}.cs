using ILGPU;
using ILGPU.Runtime;

namespace KvCache.Gpu.Kernels;

/// <summary>A variant whose kernel takes arguments of a type.</summary>
internal sealed class KernelVariant<TArguments> : KernelVariant
    where TArguments : struct
{
    private readonly Action<TArguments> _run;

    public KernelVariant(Action<TArguments> run, int maxThreads)
        : base(run.Method, maxThreads) => _run = run;

    /// <summary>Compiles the kernel for an accelerator.</summary>
    public Action<AcceleratorStream, KernelConfig, TArguments> Load(Accelerator accelerator) =>
        accelerator.AcceleratorType == AcceleratorType.Cuda ? accelerator.LoadKernel(_run, Specialization) : accelerator.LoadKernel(_run);
}
