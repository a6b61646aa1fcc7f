using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace KvCache.Gpu.Kernels;

/// <summary>The kernels of an accelerator, each compiled when it is first asked for. Any thread.</summary>
internal sealed class LoadedKernels
{
    private static readonly ConditionalWeakTable<Accelerator, LoadedKernels> OfAccelerators = [];
    private readonly Dictionary<KernelVariant, Delegate> _launchers = [];
    private readonly Accelerator _accelerator;

    private LoadedKernels(Accelerator accelerator) => _accelerator = accelerator;

    /// <summary>The kernels of an accelerator, whoever uses it.</summary>
    public static LoadedKernels Of(Accelerator accelerator) =>
        OfAccelerators.GetValue(accelerator, static accelerator => new LoadedKernels(accelerator));

    /// <summary>Submits a kernel; allocates nothing once it is compiled.</summary>
    /// <remarks>One at a time: OpenCL keeps a kernel's arguments in the kernel, which all threads share.</remarks>
    public void Launch<TArguments>(
        KernelVariant<TArguments> variant, AcceleratorStream stream, KernelConfig config, TArguments arguments)
        where TArguments : struct
    {
        lock (_launchers)
        {
            if (!_launchers.TryGetValue(variant, out Delegate? launcher))
            {
                launcher = variant.Load(_accelerator);
                _launchers.Add(variant, launcher);
            }

            ((Action<AcceleratorStream, KernelConfig, TArguments>)launcher)(stream, config, arguments);
        }
    }
}
