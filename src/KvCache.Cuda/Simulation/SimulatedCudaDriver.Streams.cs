using System.Runtime.InteropServices;
using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <content>The driver's functions: streams, events, copies, pinned host memory.</content>
public sealed unsafe partial class SimulatedCudaDriver
{
    private CudaError CtxSynchronize()
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuCtxSynchronize);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.RunAll();
            return Leave(CudaEntryPoint.cuCtxSynchronize, _execution.Sticky);
        }
    }

    private CudaError StreamCreate(nint* stream, uint flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuStreamCreate);
            if (error != CudaError.Success)
            {
                return error;
            }

            *stream = NextHandle();
            _streams.Add(*stream, _execution.AddStream(isEngines: false));
            return Leave(CudaEntryPoint.cuStreamCreate, CudaError.Success);
        }
    }

    private CudaError StreamDestroy(nint stream)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuStreamDestroy_v2, stream, out SimulatedStream? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            _streams.Remove(stream);
            _execution.RemoveStream(found!);
            return Leave(CudaEntryPoint.cuStreamDestroy_v2, CudaError.Success);
        }
    }

    private CudaError StreamSynchronize(nint stream)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuStreamSynchronize, stream, out SimulatedStream? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.Run(found!);
            return Leave(CudaEntryPoint.cuStreamSynchronize, _execution.Sticky);
        }
    }

    private CudaError StreamWaitEvent(nint stream, nint awaited, uint flags)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuStreamWaitEvent, stream, out SimulatedStream? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            if (!_events.TryGetValue(awaited, out SimulatedEvent? named))
            {
                return Leave(CudaEntryPoint.cuStreamWaitEvent, NoEvent(awaited));
            }

            _execution.Submit(found!, new SimulatedWork(SimulatedWorkKind.WaitEvent) { Event = named, Record = named.Recorded });
            return Leave(CudaEntryPoint.cuStreamWaitEvent, CudaError.Success);
        }
    }

    private CudaError EventCreate(nint* created, uint flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuEventCreate);
            if (error != CudaError.Success)
            {
                return error;
            }

            *created = NextHandle();
            _events.Add(*created, new SimulatedEvent());
            return Leave(CudaEntryPoint.cuEventCreate, CudaError.Success);
        }
    }

    private CudaError EventDestroy(nint destroyed)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuEventDestroy_v2, destroyed, out SimulatedEvent? _);
            if (error != CudaError.Success)
            {
                return error;
            }

            _events.Remove(destroyed);
            return Leave(CudaEntryPoint.cuEventDestroy_v2, CudaError.Success);
        }
    }

    private CudaError EventRecord(nint recorded, nint stream)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuEventRecord, stream, out SimulatedStream? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            if (!_events.TryGetValue(recorded, out SimulatedEvent? named))
            {
                return Leave(CudaEntryPoint.cuEventRecord, NoEvent(recorded));
            }

            _execution.Record(found!, named);
            return Leave(CudaEntryPoint.cuEventRecord, CudaError.Success);
        }
    }

    private CudaError EventQuery(nint queried)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuEventQuery, queried, out SimulatedEvent? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.RunNextOf(found!);
            error = _execution.Sticky != CudaError.Success ? _execution.Sticky : found!.IsPending ? CudaError.NotReady : CudaError.Success;
            return Leave(CudaEntryPoint.cuEventQuery, error);
        }
    }

    private CudaError EventSynchronize(nint awaited)
    {
        lock (_gate)
        {
            CudaError error = Find(CudaEntryPoint.cuEventSynchronize, awaited, out SimulatedEvent? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.RunUntil(found!, found!.Recorded);
            return Leave(CudaEntryPoint.cuEventSynchronize, _execution.Sticky);
        }
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

    private CudaError MemHostAlloc(void** address, nuint bytes, uint flags)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemHostAlloc);
            if (error != CudaError.Success)
            {
                return error;
            }

            if (bytes == 0)
            {
                return Leave(CudaEntryPoint.cuMemHostAlloc, Report(SimulatedCudaBreachKind.InvalidArgument, "0 bytes of pinned host memory are allocated."));
            }

            try
            {
                *address = NativeMemory.Alloc(bytes);
            }
            catch (OutOfMemoryException)
            {
                return Leave(CudaEntryPoint.cuMemHostAlloc, CudaError.OutOfMemory);
            }

            _pinned.Add((nint)(*address), bytes);
            return Leave(CudaEntryPoint.cuMemHostAlloc, CudaError.Success);
        }
    }

    private CudaError MemFreeHost(void* address)
    {
        lock (_gate)
        {
            CudaError error = Enter(CudaEntryPoint.cuMemFreeHost);
            if (error != CudaError.Success)
            {
                return error;
            }

            if (!_pinned.Remove((nint)address))
            {
                return Leave(
                    CudaEntryPoint.cuMemFreeHost, Report(SimulatedCudaBreachKind.InvalidFree, $"0x{(nint)address:x} is no pinned host memory."));
            }

            _execution.RunAll(); // the driver waits for the device here
            NativeMemory.Free(address);
            return Leave(CudaEntryPoint.cuMemFreeHost, CudaError.Success);
        }
    }

    private void FreePinned()
    {
        foreach (nint address in _pinned.Keys)
        {
            NativeMemory.Free((void*)address);
        }

        _pinned.Clear();
    }

    private CudaError Submit(CudaEntryPoint entryPoint, nint stream, in SimulatedWork work)
    {
        lock (_gate)
        {
            CudaError error = Find(entryPoint, stream, out SimulatedStream? found);
            if (error != CudaError.Success)
            {
                return error;
            }

            _execution.Submit(found!, work);
            if (work.Host != 0 && !IsPinned(work.Host, work.Bytes))
            {
                _execution.Run(found!); // pageable memory: the driver waits, too
            }

            return Leave(entryPoint, CudaError.Success);
        }
    }

    private bool IsPinned(nint address, ulong bytes)
    {
        foreach ((nint start, ulong length) in _pinned)
        {
            if (address >= start && (ulong)(address - start) + bytes <= length)
            {
                return true;
            }
        }

        return false;
    }

    private CudaError Find(CudaEntryPoint entryPoint, nint handle, out SimulatedStream? stream)
    {
        stream = null;
        CudaError error = Enter(entryPoint);
        return error != CudaError.Success || _streams.TryGetValue(handle, out stream)
            ? error
            : Leave(entryPoint, Report(SimulatedCudaBreachKind.InvalidHandle, $"{entryPoint} is called with stream 0x{handle:x}, which does not exist."));
    }

    private CudaError Find(CudaEntryPoint entryPoint, nint handle, out SimulatedEvent? found)
    {
        found = null;
        CudaError error = Enter(entryPoint);
        return error != CudaError.Success || _events.TryGetValue(handle, out found) ? error : Leave(entryPoint, NoEvent(handle));
    }

    private CudaError NoEvent(nint handle) => Report(SimulatedCudaBreachKind.InvalidHandle, $"Event 0x{handle:x} does not exist.");
}
