using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using KvCache.Gpu.Kernels;

namespace KvCache.Gpu.Tests.Kernels;

/// <summary>Compiles kernels to PTX without a device, as a CUDA device would.</summary>
internal static class OfflinePtx
{
    // The newest that an assembler for compute capability 9.0 surely knows.
    private static readonly CudaInstructionSet InstructionSet = CudaInstructionSet.ISA_78;
    private static readonly ConcurrentDictionary<int, Lazy<IReadOnlyDictionary<KernelVariant, string>>> Compiled = [];

    /// <summary>The text of every variant for a compute capability, such as 80 for 8.0.</summary>
    public static IReadOnlyDictionary<KernelVariant, string> For(int capability) =>
        Compiled.GetOrAdd(capability, capability => new(() => Compile(capability))).Value;

    private static Dictionary<KernelVariant, string> Compile(int capability)
    {
        CudaArchitecture architecture = new(capability / 10, capability % 10);
        using Context context = Context.Create(static builder => GpuDevice.Configure(builder, GpuDeviceOptions.Default));
        using PTXBackend backend = new(context, new CudaCapabilityContext(architecture), architecture, InstructionSet, null!);
        return KernelCatalog.OfCuda.ToDictionary(
            variant => variant, variant => ((PTXCompiledKernel)backend.Compile(variant.EntryPoint, variant.Specialization)).PTXAssembly);
    }
}
