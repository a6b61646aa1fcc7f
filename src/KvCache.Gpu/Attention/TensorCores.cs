using ILGPU;
using ILGPU.Runtime.Cuda;
using KvCache.Gpu.Cuda;
using KvCache.Gpu.Devices.Cuda;

namespace KvCache.Gpu.Attention;

/// <summary>The kernels on tensor cores that a device can run; a kernel that cannot be made ready is done without.</summary>
internal sealed class TensorCores
{
    private readonly CudaModules? _modules;
    private readonly int _multiprocessors;
    private readonly Version _capability;
    private readonly TensorTuningTable _tuning;
    private readonly PtxCache _cache;
    private readonly string _refusal;

    private TensorCores(GpuDevice device, string refusal, string? folder, TensorTuningTable tuning)
    {
        _modules = refusal.Length == 0 ? device.Modules : null;
        _multiprocessors = device.Accelerator.NumMultiprocessors;
        _capability = CapabilityOf(device) ?? new Version();
        _tuning = tuning;
        _cache = new PtxCache(folder);
        _refusal = refusal;
    }

    /// <summary>Looks at what a device can do.</summary>
    public static TensorCores Of(GpuDevice device, GpuAttentionOptions options, TensorTuningTable tuning)
    {
        Version? capability = CapabilityOf(device);
        string refusal = !options.TensorCores ? "the options say not to"
            : capability is null ? "the device is not CUDA's"
            : capability < TensorCompiler.Capability ? $"compute capability {capability} is below {TensorCompiler.Capability}"
            : "";
        return new TensorCores(device, refusal, options.KernelCacheFolder, tuning);
    }

    /// <summary>None at all.</summary>
    public static TensorCores None(GpuDevice device) =>
        new(device, "other kernels are asked for", folder: null, TensorTuningTable.Shipped);

    /// <summary>A device's compute capability, such as 9.0; null for one that is not CUDA's.</summary>
    public static Version? CapabilityOf(GpuDevice device) =>
        device.Accelerator is CudaAccelerator cuda ? new Version(cuda.Architecture.Major, cuda.Architecture.Minor) : null;

    /// <summary>The kernel for rows with one new token; null where there is none, and why.</summary>
    public TensorKernel? Decode(in KernelShape shape, out string reason)
    {
        TensorTuning tuning = _tuning.Find(_capability, shape.KeyDim, TensorCatalog.DecodeHeads(shape.KeyDim, shape.Group));
        TensorVariant? variant = TensorCatalog.Decode(shape.Type, shape.KeyDim, shape.Group, shape.LargePages, tuning.Block);
        return Find(shape, variant, "64, 128, 256", tuning, out reason);
    }

    /// <summary>The kernel for rows with several; null where there is none, and why.</summary>
    public TensorKernel? Prefill(in KernelShape shape, out string reason) =>
        Find(shape, TensorCatalog.Prefill(shape.Type, shape.KeyDim), "64, 128", TensorTuning.DefaultOf(shape.KeyDim), out reason);

    private TensorKernel? Find(in KernelShape shape, TensorVariant? variant, string dims, TensorTuning tuning, out string reason)
    {
        reason = _refusal.Length > 0 ? _refusal
            : !TensorCatalog.Serves(shape.Type) ? $"{shape.Type} caches have no kernel"
            : !shape.Aligned ? "pages do not lie at multiples of 16 bytes, or have not 2ⁿ tokens"
            : variant is null || shape.KeyDim != shape.ValueDim
                ? $"head dims are {shape.KeyDim} and {shape.ValueDim}; there are kernels for equal ones of {dims}"
            : "";
        return reason.Length == 0 ? TryLoad(variant!, tuning, ref reason) : null;
    }

    private TensorKernel? TryLoad(TensorVariant variant, TensorTuning tuning, ref string reason)
    {
        try
        {
            CudaFunction function = _modules!.Get(variant.Name, () => _cache.Get(variant), variant.MaxThreads, variant.SharedBytes);
            return new TensorKernel(variant, function, tuning.Split(function.BlocksOfMultiprocessor * _multiprocessors));
        }
        catch (Exception exception) when (exception is GpuException or InvalidOperationException or InternalCompilerException)
        {
            reason = exception.Message;
            return null;
        }
    }
}
