using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>A queue whose work is done by the time that it has been submitted.</summary>
internal sealed class CpuQueue : GpuQueue
{
    public override bool TryCopy(in KvCopy piece, CopyDirection direction)
    {
        HostDevice.Instance.Copy([piece]);
        return true;
    }

    public override KvFence Record(bool failed = false) => default;

    public override bool HasPassed(long ticket) => true;

    public override void Wait(long ticket)
    {
    }

    public override bool HasFailed(long ticket) => false;
}
