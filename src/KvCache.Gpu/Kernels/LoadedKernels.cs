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

    /// <summary>The launcher of a variant; launching allocates nothing.</summary>
    public Action<AcceleratorStream, KernelConfig, TArguments> Get<TArguments>(KernelVariant<TArguments> variant)
        where TArguments : struct
    {
        lock (_launchers)
        {
            if (!_launchers.TryGetValue(variant, out Delegate? launcher))
            {
                launcher = variant.Load(_accelerator);
                _launchers.Add(variant, launcher);
            }

            return (Action<AcceleratorStream, KernelConfig, TArguments>)launcher;
        }
    }
}
