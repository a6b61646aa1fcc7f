using Generate.Gpu;
using Generate.Model;
using KvCache.Attention;
using KvCache.Gpu;
using KvCache.Gpu.Attention;
using KvCache.Memory;

namespace Generate.Engine;

/// <summary>Where a model runs: the memory of its cache, attention over it, and everything else a layer computes.</summary>
internal sealed class ComputeDevice : IDisposable
{
    private readonly GpuDevice? _gpu;

    private ComputeDevice(IKvDevice memory, IKvAttention attention, ITensorOperations operations)
    {
        Memory = memory;
        Attention = attention;
        Operations = operations;
        _gpu = memory as GpuDevice;
    }

    public IKvDevice Memory { get; }

    public IKvAttention Attention { get; }

    public ITensorOperations Operations { get; }

    /// <summary>Opens a device.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="threads">The threads of attention on the processor.</param>
    /// <exception cref="GenerateException">It is not there; the message names those that are.</exception>
    public static ComputeDevice Open(DeviceChoice choice, int threads)
    {
        if (choice.Kind is not GpuDeviceKind kind)
        {
            return new ComputeDevice(
                HostDevice.Instance, new CpuAttention(new CpuAttentionOptions { Threads = threads }), new HostOperations());
        }

        try
        {
            GpuDevice gpu = GpuDevice.Open(kind, choice.Ordinal);
            return new ComputeDevice(gpu, new GpuAttention(gpu), new GpuOperations(gpu));
        }
        catch (PlatformNotSupportedException exception)
        {
            throw new GenerateException(exception.Message);
        }
    }

    /// <summary>Frees everything on the device, weights and activations included.</summary>
    public void Dispose()
    {
        Attention.Dispose();
        _gpu?.Dispose();
    }
}
