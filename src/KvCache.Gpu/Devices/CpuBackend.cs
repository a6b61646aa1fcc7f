using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>ILGPU's CPU accelerator: the process's memory, kernels that have finished when their launch returns.</summary>
internal sealed class CpuBackend(CPUAccelerator accelerator) : GpuBackend
{
    private readonly CpuQueue _queue = new();

    public override bool IsHostAccessible => true;

    public override GpuQueue Compute => _queue;

    public override GpuQueue ToDevice => _queue;

    public override GpuQueue ToHost => _queue;

    public override DeviceBlock? TryAllocate(long bytes) => HostDevice.Instance.TryAllocate(bytes, out KvArena? arena)
        ? new DeviceBlock(arena.Address, bytes, Wrap(arena.Address, bytes), arena)
        : null;

    public override void Free(DeviceBlock block)
    {
        block.Buffer.Dispose();
        block.Host!.Dispose();
    }

    public override MemoryBuffer Wrap(nint address, long bytes) => CPUMemoryBuffer.Create(accelerator, address, bytes, 1);

    public override void Drain()
    {
    }

    public override void Dispose()
    {
    }
}
