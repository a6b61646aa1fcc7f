using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>A kernel on tensor cores with all its type parameters.</summary>
internal sealed class TensorVariant : KernelVariant
{
    public TensorVariant(Action<TensorArguments> run, int threads, int sharedBytes, int mostRegisters)
        : base(run.Method, threads) => (SharedBytes, MostRegisters) = (sharedBytes, mostRegisters);

    /// <summary>Gets the shared memory of a block.</summary>
    public int SharedBytes { get; }

    /// <summary>Gets the registers that a thread may have.</summary>
    public int MostRegisters { get; }
}
