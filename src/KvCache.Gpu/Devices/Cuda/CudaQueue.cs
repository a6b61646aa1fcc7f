using KvCache.Memory;

namespace KvCache.Gpu.Devices.Cuda;

/// <summary>A stream of CUDA and the events recorded in it.</summary>
internal sealed unsafe class CudaQueue(CudaContext context, nint stream) : EventQueue
{
    private const uint DisableTiming = 2;
    private const int NotReady = 600;
    private readonly CudaFunctions _functions = context.Functions;

    public override bool TryCopy(in KvCopy piece, CopyDirection direction)
    {
        using CudaContext.Scope scope = context.Enter();
        nuint bytes = (nuint)piece.Bytes;
        return direction switch
        {
            CopyDirection.ToDevice => context.Succeeded(
                _functions.CopyToDevice((ulong)piece.Destination, (void*)piece.Source, bytes, stream), "cuMemcpyHtoDAsync_v2"),
            CopyDirection.ToHost => context.Succeeded(
                _functions.CopyToHost((void*)piece.Destination, (ulong)piece.Source, bytes, stream), "cuMemcpyDtoHAsync_v2"),
            _ => context.Succeeded(
                _functions.CopyWithinDevice((ulong)piece.Destination, (ulong)piece.Source, bytes, stream), "cuMemcpyDtoDAsync_v2"),
        };
    }

    public override void Follow(KvFence fence)
    {
        if (fence.Timeline is CudaQueue other && other.Context == context)
        {
            if (other != this)
            {
                other.LetFollow(this, fence.Ticket);
            }
        }
        else
        {
            fence.Wait();
        }
    }

    private CudaContext Context => context;

    protected override bool TryRecord(ref nint slot)
    {
        using CudaContext.Scope scope = context.Enter();
        if (slot == 0)
        {
            nint created;
            if (!context.Succeeded(_functions.EventCreate(&created, DisableTiming), "cuEventCreate"))
            {
                return false;
            }

            slot = created;
        }

        return context.Succeeded(_functions.EventRecord(slot, stream), "cuEventRecord");
    }

    protected override EventState Query(nint recorded)
    {
        using CudaContext.Scope scope = context.Enter();
        int answer = _functions.EventQuery(recorded);
        if (answer == NotReady)
        {
            return EventState.Pending;
        }

        return context.Succeeded(answer, "cuEventQuery") ? EventState.Passed : EventState.Failed;
    }

    protected override void WaitFor(nint held)
    {
        using CudaContext.Scope scope = context.Enter();
        context.Succeeded(_functions.EventSynchronize(held), "cuEventSynchronize");
    }

    protected override void Destroy(nint unused)
    {
        using CudaContext.Scope scope = context.Enter();
        context.Succeeded(_functions.EventDestroy(unused), "cuEventDestroy_v2");
    }

    protected override bool TryFollowEvent(nint recorded)
    {
        using CudaContext.Scope scope = context.Enter();
        return context.Succeeded(_functions.StreamWaitEvent(stream, recorded, 0), "cuStreamWaitEvent");
    }

    protected override bool TryDrain()
    {
        using CudaContext.Scope scope = context.Enter();
        return context.Succeeded(_functions.StreamSynchronize(stream), "cuStreamSynchronize");
    }
}
