using System.Diagnostics.CodeAnalysis;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The driver's functions: streams, events, copies.</content>
public sealed unsafe partial class SimulatedCudaDriver
{
    private CudaError StreamCreate(nint* stream, uint flags)
    {
        using Call call = new(this, CudaEntryPoint.cuStreamCreate);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        *stream = NextHandle();
        _streams.Add(*stream, _execution.AddStream(isEngines: false));
        return call.Answer(CudaError.Success);
    }

    private CudaError StreamDestroy(nint stream)
    {
        using Call call = new(this, CudaEntryPoint.cuStreamDestroy_v2);
        if (!TryFind(call, stream, out SimulatedStream? found, out CudaError error))
        {
            return error;
        }

        _streams.Remove(stream);
        _execution.RemoveStream(found);
        return call.Answer(CudaError.Success);
    }

    private CudaError StreamSynchronize(nint stream)
    {
        using Call call = new(this, CudaEntryPoint.cuStreamSynchronize);
        if (!TryFind(call, stream, out SimulatedStream? found, out CudaError error))
        {
            return error;
        }

        _execution.Run(found);
        return call.Answer(_execution.Sticky);
    }

    private CudaError StreamWaitEvent(nint stream, nint awaited, uint flags)
    {
        using Call call = new(this, CudaEntryPoint.cuStreamWaitEvent);
        if (!TryFind(call, stream, out SimulatedStream? found, out CudaError error) || !TryFind(call, awaited, out SimulatedEvent? named, out error))
        {
            return error;
        }

        _execution.Submit(found, new SimulatedWork(SimulatedWorkKind.WaitEvent) { Event = named, Record = named.Recorded });
        return call.Answer(CudaError.Success);
    }

    private CudaError EventCreate(nint* created, uint flags)
    {
        using Call call = new(this, CudaEntryPoint.cuEventCreate);
        if (call.IsRefused)
        {
            return call.Refusal;
        }

        *created = NextHandle();
        _events.Add(*created, new SimulatedEvent());
        return call.Answer(CudaError.Success);
    }

    private CudaError EventDestroy(nint destroyed)
    {
        using Call call = new(this, CudaEntryPoint.cuEventDestroy_v2);
        if (!TryFind(call, destroyed, out SimulatedEvent? _, out CudaError error))
        {
            return error;
        }

        _events.Remove(destroyed);
        return call.Answer(CudaError.Success);
    }

    private CudaError EventRecord(nint recorded, nint stream)
    {
        using Call call = new(this, CudaEntryPoint.cuEventRecord);
        if (!TryFind(call, stream, out SimulatedStream? found, out CudaError error) || !TryFind(call, recorded, out SimulatedEvent? named, out error))
        {
            return error;
        }

        _execution.Record(found, named);
        return call.Answer(CudaError.Success);
    }

    private CudaError EventQuery(nint queried)
    {
        using Call call = new(this, CudaEntryPoint.cuEventQuery);
        if (!TryFind(call, queried, out SimulatedEvent? found, out CudaError error))
        {
            return error;
        }

        _execution.RunNextOf(found);
        return call.Answer(_execution.Sticky != CudaError.Success ? _execution.Sticky : found.IsPending ? CudaError.NotReady : CudaError.Success);
    }

    private CudaError EventSynchronize(nint awaited)
    {
        using Call call = new(this, CudaEntryPoint.cuEventSynchronize);
        if (!TryFind(call, awaited, out SimulatedEvent? found, out CudaError error))
        {
            return error;
        }

        _execution.RunUntil(found, found.Recorded);
        return call.Answer(_execution.Sticky);
    }

    private CudaError MemcpyHtoDAsync(ulong destination, void* source, nuint bytes, nint stream) => Submit(
        CudaEntryPoint.cuMemcpyHtoDAsync_v2,
        stream,
        new SimulatedWork(SimulatedWorkKind.CopyFromHost) { Destination = destination, Host = (nint)source, Bytes = bytes });

    private CudaError MemcpyDtoHAsync(void* destination, ulong source, nuint bytes, nint stream) => Submit(
        CudaEntryPoint.cuMemcpyDtoHAsync_v2,
        stream,
        new SimulatedWork(SimulatedWorkKind.CopyToHost) { Host = (nint)destination, Source = source, Bytes = bytes });

    private CudaError MemcpyDtoDAsync(ulong destination, ulong source, nuint bytes, nint stream) => Submit(
        CudaEntryPoint.cuMemcpyDtoDAsync_v2,
        stream,
        new SimulatedWork(SimulatedWorkKind.Copy) { Destination = destination, Source = source, Bytes = bytes });

    private CudaError MemsetD8Async(ulong destination, byte value, nuint bytes, nint stream) => Submit(
        CudaEntryPoint.cuMemsetD8Async,
        stream,
        new SimulatedWork(SimulatedWorkKind.Fill) { Destination = destination, Value = value, Bytes = bytes });

    private CudaError Submit(CudaEntryPoint entryPoint, nint stream, in SimulatedWork work)
    {
        using Call call = new(this, entryPoint);
        if (!TryFind(call, stream, out SimulatedStream? found, out CudaError error))
        {
            return error;
        }

        _execution.Submit(found, work);
        if (work.Host != 0 && !IsPinned(work.Host, work.Bytes))
        {
            _execution.Run(found); // pageable memory: the driver waits, too
        }

        return call.Answer(CudaError.Success);
    }

    private bool TryFind(in Call call, nint handle, [NotNullWhen(true)] out SimulatedStream? stream, out CudaError error)
    {
        stream = null;
        error = call.Refusal;
        if (error == CudaError.Success && !_streams.TryGetValue(handle, out stream))
        {
            error = call.Answer(SimulatedCudaBreachKind.InvalidHandle, $"Stream 0x{handle:x} does not exist.");
        }

        return stream is not null;
    }

    private bool TryFind(in Call call, nint handle, [NotNullWhen(true)] out SimulatedEvent? found, out CudaError error)
    {
        found = null;
        error = call.Refusal;
        if (error == CudaError.Success && !_events.TryGetValue(handle, out found))
        {
            error = call.Answer(SimulatedCudaBreachKind.InvalidHandle, $"Event 0x{handle:x} does not exist.");
        }

        return found is not null;
    }
}
