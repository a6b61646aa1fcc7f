using System.Reflection;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace KvCache.Gpu.Kernels;

/// <summary>A kernel with all its type parameters: what there is to compile.</summary>
internal abstract class KernelVariant
{
    /// <summary>Threads in a group of kernels that work on elements one by one.</summary>
    public const int PlainThreads = 256;

    protected KernelVariant(MethodInfo method, int maxThreads)
    {
        Type type = method.DeclaringType!;
        Method = method;
        MaxThreads = maxThreads;
        Kernel = type.Name.Split('`')[0].Replace("Kernel", "", StringComparison.Ordinal);
        Configuration = string.Join('.', type.GetGenericArguments().Select(NameOf));
    }

    /// <summary>Gets the kernel's name, such as Decode.</summary>
    public string Kernel { get; }

    /// <summary>Gets what it is specialised for, such as Float16.AlignedLayout.FourHeads; empty where there is only one.</summary>
    public string Configuration { get; }

    /// <summary>Gets the name of both.</summary>
    public string Name => Configuration.Length == 0 ? Kernel : $"{Kernel}.{Configuration}";

    /// <summary>Gets the most threads of a group.</summary>
    public int MaxThreads { get; }

    /// <summary>Gets the kernel's method.</summary>
    public MethodInfo Method { get; }

    /// <summary>Gets the description from which a backend compiles.</summary>
    public EntryPointDescription EntryPoint => EntryPointDescription.FromExplicitlyGroupedKernel(Method);

    /// <summary>Gets how it is compiled.</summary>
    public KernelSpecialization Specialization => new(MaxThreads, null);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string NameOf(Type type) =>
        string.Join('.', new[] { type.Name.Split('`')[0] }.Concat(type.GetGenericArguments().Select(NameOf)));
}
