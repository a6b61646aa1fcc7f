using System.Globalization;
using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace KvCache.Gpu.Cuda;

/// <summary>Compiles kernels on tensor cores to PTX, without a device: one text serves compute capability 8.0 and all later ones.</summary>
internal static class TensorCompiler
{
    /// <summary>The least compute capability.</summary>
    public static readonly CudaArchitecture Architecture = CudaArchitecture.SM_80;

    /// <summary>The same, as it is written.</summary>
    public static readonly Version Capability = new(Architecture.Major, Architecture.Minor);

    /// <summary>The PTX version of the text: the least that has all instructions, so that drivers from CUDA 11.8 on take it.</summary>
    public static readonly CudaInstructionSet InstructionSet = CudaInstructionSet.ISA_78;

    /// <summary>Compiles a variant.</summary>
    /// <exception cref="InvalidOperationException">Variables stay in local memory: the compiler's output is not what the pass knows.</exception>
    public static string Compile(TensorVariant variant)
    {
        using Context context = Context.Create(static builder =>
            builder.Optimize(OptimizationLevel.O2).Math(MathMode.Fast).Inlining(InliningMode.Aggressive).EnableAlgorithms());
        using PTXBackend backend = new(context, new CudaCapabilityContext(Architecture), Architecture, InstructionSet, null!);
        string ptx = ((PTXCompiledKernel)backend.Compile(variant.EntryPoint, variant.Specialization)).PTXAssembly;
        string promoted = LocalPromotion.Run(ptx, out int kept);
        if (kept > 0)
        {
            throw new InvalidOperationException(
                $"{kept} local variables of {variant} cannot be put into registers. The kernels are made for ILGPU 1.5.3.");
        }

        return LimitRegisters(DynamicShared.Declare(StableNames.Apply(promoted)), variant.MostRegisters);
    }

    private static string LimitRegisters(string ptx, int most) =>
        ptx.Replace("\n.maxntid ", string.Create(CultureInfo.InvariantCulture, $"\n.maxnreg {most}\n.maxntid "), StringComparison.Ordinal);
}
