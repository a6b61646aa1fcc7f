using ILGPU.Runtime.OpenCL;
using KvCache.Memory;

namespace KvCache.Gpu.Devices.OpenCL;

/// <summary>A command queue of OpenCL, in order, and markers in it.</summary>
/// <remarks>OpenCL has no addresses: those of the device's memory stand for a buffer and an offset in it.</remarks>
internal sealed unsafe class OpenCLQueue(OpenCLFunctions functions, CLStream stream, AddressMap map) : EventQueue
{
    private const uint ExecutionStatus = 0x11D3;
    private const int Complete = 0;

    /// <summary>Gets the latest refusal.</summary>
    public GpuException? LastError { get; private set; }

    public override bool TryCopy(in KvCopy piece, CopyDirection direction)
    {
        (nint source, nint destination, long bytes) = piece;
        nint length = (nint)bytes;
        switch (direction)
        {
            case CopyDirection.ToDevice:
                AddressMap.Range into = map.Find(destination, bytes, nameof(piece));
                return Succeeded(
                    CLAPI.CurrentAPI.WriteBuffer(stream, into.Buffer.NativePtr, false, (nint)into.OffsetOf(destination), length, source),
                    "clEnqueueWriteBuffer");
            case CopyDirection.ToHost:
                AddressMap.Range from = map.Find(source, bytes, nameof(piece));
                return Succeeded(
                    CLAPI.CurrentAPI.ReadBuffer(stream, from.Buffer.NativePtr, false, (nint)from.OffsetOf(source), length, destination),
                    "clEnqueueReadBuffer");
            default:
                AddressMap.Range old = map.Find(source, bytes, nameof(piece));
                AddressMap.Range young = map.Find(destination, bytes, nameof(piece));
                return Succeeded(
                    CLAPI.CurrentAPI.CopyBuffer(
                        stream,
                        old.Buffer.NativePtr,
                        young.Buffer.NativePtr,
                        (nint)old.OffsetOf(source),
                        (nint)young.OffsetOf(destination),
                        length),
                    "clEnqueueCopyBuffer");
        }
    }

    public override void Follow(KvFence fence)
    {
        // One queue, in order.
        if (fence.Timeline != this)
        {
            fence.Wait();
        }
    }

    protected override bool TryRecord(ref nint slot)
    {
        nint marker;
        if (!Succeeded((CLError)functions.EnqueueMarker(stream.CommandQueue, 0, null, &marker), "clEnqueueMarkerWithWaitList"))
        {
            return false;
        }

        slot = marker;

        // A driver may keep work back until it is flushed, and the marker would never pass.
        return Succeeded(CLAPI.CurrentAPI.FlushCommandQueue(stream.CommandQueue), "clFlush");
    }

    protected override EventState Query(nint recorded)
    {
        int status;
        if (!Succeeded((CLError)functions.GetEventInfo(recorded, ExecutionStatus, sizeof(int), &status, null), "clGetEventInfo"))
        {
            return EventState.Failed;
        }

        return status > Complete ? EventState.Pending : Succeeded((CLError)status, "the work before a marker") ? EventState.Passed : EventState.Failed;
    }

    protected override nint Hold(nint recorded)
    {
        Succeeded((CLError)functions.RetainEvent(recorded), "clRetainEvent");
        return recorded;
    }

    protected override void WaitFor(nint held)
    {
        Succeeded((CLError)functions.WaitForEvents(1, &held), "clWaitForEvents");
        Destroy(held);
    }

    protected override nint Retire(nint passed)
    {
        Destroy(passed);
        return 0;
    }

    protected override void Destroy(nint unused) => Succeeded((CLError)functions.ReleaseEvent(unused), "clReleaseEvent");

    protected override bool TryFollowEvent(nint recorded) => false;

    protected override bool TryDrain() => Succeeded(CLAPI.CurrentAPI.FinishCommandQueue(stream.CommandQueue), "clFinish");

    private bool Succeeded(CLError answer, string operation)
    {
        if (answer != CLError.CL_SUCCESS)
        {
            LastError = new GpuException(operation, (int)answer, answer.ToString());
        }

        return answer == CLError.CL_SUCCESS;
    }
}
