using ILGPU.Runtime;
using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>What differs between the kinds of devices: memory and queues.</summary>
internal abstract class GpuBackend : IDisposable
{
    public abstract bool IsHostAccessible { get; }

    /// <summary>Gets the queue of kernels and of copies within the device.</summary>
    public abstract GpuQueue Compute { get; }

    /// <summary>Gets the queue of copies from the host.</summary>
    public abstract GpuQueue ToDevice { get; }

    /// <summary>Gets the queue of copies to the host.</summary>
    public abstract GpuQueue ToHost { get; }

    /// <summary>Gets the latest refusal that was answered by a value.</summary>
    public virtual GpuException? LastError => null;

    /// <summary>Allocates zeroed memory; null where there is not that much.</summary>
    public abstract DeviceBlock? TryAllocate(long bytes);

    /// <summary>Gives memory back that no work uses any more.</summary>
    public abstract void Free(DeviceBlock block);

    /// <summary>Makes memory of an address known to ILGPU.</summary>
    public abstract MemoryBuffer Wrap(nint address, long bytes);

    /// <summary>The address by which a buffer of ILGPU is to be known.</summary>
    public virtual nint AddressOf(MemoryBuffer buffer) => buffer.NativePtr;

    /// <summary>Allocates host memory for copies; null where there is not that much.</summary>
    public virtual PinnedBlock? TryAllocatePinned(long bytes) =>
        HostDevice.Instance.TryAllocate(bytes, out KvArena? plain) ? new PinnedBlock(plain.Address, bytes, plain) : null;

    /// <summary>Gives host memory back that no work uses any more.</summary>
    public virtual void FreePinned(PinnedBlock block) => block.Plain?.Dispose();

    /// <summary>Waits until the device has nothing to do. Does not throw: what failed is remembered.</summary>
    public abstract void Drain();

    /// <summary>Gives the queues back.</summary>
    public abstract void Dispose();
}
