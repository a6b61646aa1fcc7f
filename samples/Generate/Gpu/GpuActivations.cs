using Generate.Model;
using ILGPU;
using KvCache.Gpu;
using KvCache.Memory;

namespace Generate.Gpu;

/// <summary>Activations in a device's memory, which frees it.</summary>
internal sealed class GpuActivations(GpuDevice device, int width) : Activations(width)
{
    private KvArena _arena = GpuMemory.Allocate(device, (long)width * sizeof(float));

    /// <summary>Gets the floats of all tokens.</summary>
    public ArrayView<float> Values => GpuMemory.View<float>(device, _arena, Length);

    /// <summary>Gets where the first float lies.</summary>
    public nint Start => _arena.Address;

    /// <inheritdoc/>
    protected override nint Address => _arena.Address;

    /// <inheritdoc/>
    protected override void Reserve(int length)
    {
        long bytes = (long)length * sizeof(float);
        if (_arena.Length < bytes)
        {
            _arena.Dispose(); // waits for the work that uses it
            _arena = GpuMemory.Allocate(device, bytes);
        }
    }
}
