using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>Work that a device does in order, and the points on it.</summary>
internal abstract class GpuQueue : KvTimeline
{
    /// <summary>Submits a copy. False where the driver refused it.</summary>
    public abstract bool TryCopy(in KvCopy piece, CopyDirection direction);

    /// <summary>Names the point after what has been submitted. Allocates nothing in steady state.</summary>
    /// <param name="failed">Whether the work that this point is for could not be submitted.</param>
    public abstract KvFence Record(bool failed = false);

    /// <summary>Lets what is submitted from now on begin only after a point, without blocking the thread where the driver can wait for it.</summary>
    public virtual void Follow(KvFence fence) => fence.Wait();
}
