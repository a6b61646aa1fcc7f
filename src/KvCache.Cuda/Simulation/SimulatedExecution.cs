using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>Runs the work of streams: late or at once, in the order of each stream, with every address checked when it runs.</summary>
internal sealed unsafe class SimulatedExecution(
    SimulatedArenas arenas, SimulatedMemory memory, SimulatedAddressSpace space, bool eager, Func<SimulatedCudaBreachKind, string, CudaError> report)
{
    private readonly List<SimulatedStream> _streams = [];

    /// <summary>The error that ended the context.</summary>
    public CudaError Sticky { get; private set; }

    /// <summary>What an engine's kernel threw.</summary>
    public Exception? KernelException { get; private set; }

    public bool IsIdle => _streams.TrueForAll(static stream => stream.Pending.Count == 0);

    public int OwnStreams => _streams.Count(static stream => !stream.IsEngines);

    public SimulatedStream AddStream(bool isEngines)
    {
        SimulatedStream stream = new(isEngines);
        _streams.Add(stream);
        return stream;
    }

    public void RemoveStream(SimulatedStream stream)
    {
        Run(stream);
        _streams.Remove(stream);
    }

    public void Submit(SimulatedStream stream, in SimulatedWork work)
    {
        stream.Pending.Enqueue(work);
        if (eager)
        {
            Run(stream);
        }
    }

    public void Record(SimulatedStream stream, SimulatedEvent recorded)
    {
        recorded.Stream = stream;
        recorded.Recorded++;
        Submit(stream, new SimulatedWork(SimulatedWorkKind.RecordEvent) { Event = recorded, Record = recorded.Recorded });
    }

    public void RunAll()
    {
        foreach (SimulatedStream stream in _streams)
        {
            Run(stream);
        }
    }

    public void Run(SimulatedStream stream)
    {
        while (stream.Pending.TryDequeue(out SimulatedWork work))
        {
            Run(work);
        }
    }

    /// <summary>Lets the oldest piece of work finish that an event waits for.</summary>
    public void RunNextOf(SimulatedEvent awaited)
    {
        if (awaited.IsPending && awaited.Stream!.Pending.TryDequeue(out SimulatedWork work))
        {
            Run(work);
        }
    }

    /// <summary>Runs a stream until it has reached a record of an event.</summary>
    public void RunUntil(SimulatedEvent awaited, long record)
    {
        while (awaited.Completed < record && awaited.Stream!.Pending.TryDequeue(out SimulatedWork work))
        {
            Run(work);
        }
    }

    /// <summary>Whether work that has not run touches a range.</summary>
    public bool Uses(ulong address, ulong bytes)
    {
        foreach (SimulatedStream stream in _streams)
        {
            foreach (SimulatedWork work in stream.Pending)
            {
                if (Touches(work, address, bytes))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool Touches(in SimulatedWork work, ulong address, ulong bytes) => work.Kind switch
    {
        SimulatedWorkKind.Copy => Overlap(work.Source, work.Bytes, address, bytes) || Overlap(work.Destination, work.Bytes, address, bytes),
        SimulatedWorkKind.CopyFromHost or SimulatedWorkKind.Fill => Overlap(work.Destination, work.Bytes, address, bytes),
        SimulatedWorkKind.CopyToHost => Overlap(work.Source, work.Bytes, address, bytes),
        SimulatedWorkKind.Kernel => Array.Exists(work.Kernel!.Reads, range => Overlap((ulong)range.Address, (ulong)range.Bytes, address, bytes))
            || Array.Exists(work.Kernel.Writes, range => Overlap((ulong)range.Address, (ulong)range.Bytes, address, bytes)),
        _ => false,
    };

    private static bool Overlap(ulong first, ulong firstBytes, ulong second, ulong secondBytes) =>
        first < second + secondBytes && second < first + firstBytes;

    private void Run(in SimulatedWork work)
    {
        switch (work.Kind)
        {
            case SimulatedWorkKind.RecordEvent:
                work.Event!.Completed = work.Record;
                break;
            case SimulatedWorkKind.WaitEvent:
                RunUntil(work.Event!, work.Record);
                break;
            default:
                if (Sticky == CudaError.Success && MayTouch(work))
                {
                    Execute(work);
                }

                break;
        }
    }

    private bool MayTouch(in SimulatedWork work)
    {
        bool reads = work.Kind is SimulatedWorkKind.Copy or SimulatedWorkKind.CopyToHost;
        bool writes = work.Kind is SimulatedWorkKind.Copy or SimulatedWorkKind.CopyFromHost or SimulatedWorkKind.Fill;
        bool may = (!reads || MayTouch(work, work.Source, work.Bytes, CudaAccess.Read))
            && (!writes || MayTouch(work, work.Destination, work.Bytes, CudaAccess.ReadWrite));
        foreach (SimulatedRange range in work.Kernel?.Reads ?? [])
        {
            may = may && MayTouch(work, (ulong)range.Address, (ulong)range.Bytes, CudaAccess.Read);
        }

        foreach (SimulatedRange range in work.Kernel?.Writes ?? [])
        {
            may = may && MayTouch(work, (ulong)range.Address, (ulong)range.Bytes, CudaAccess.ReadWrite);
        }

        return may;
    }

    private bool MayTouch(in SimulatedWork work, ulong address, ulong bytes, CudaAccess access)
    {
        if (address + bytes >= address && (arenas.Contain(address, bytes) || memory.Allows(address, bytes, access)))
        {
            return true;
        }

        report(
            SimulatedCudaBreachKind.IllegalAccess,
            $"{work.Kind} needs {access} at 0x{address:x} … 0x{address + bytes:x}, where it is not mapped or not allowed.");
        Sticky = CudaError.IllegalAddress;
        return false;
    }

    private void Execute(in SimulatedWork work)
    {
        if (work.Kind == SimulatedWorkKind.Kernel)
        {
            Execute(work.Kernel!);
        }
        else if (space.HasMemory)
        {
            switch (work.Kind)
            {
                case SimulatedWorkKind.Copy:
                    space.Copy(work.Destination, work.Source, work.Bytes);
                    break;
                case SimulatedWorkKind.CopyFromHost:
                    space.Copy(work.Destination, (ulong)work.Host, work.Bytes);
                    break;
                case SimulatedWorkKind.CopyToHost:
                    space.Copy((ulong)work.Host, work.Source, work.Bytes);
                    break;
                default:
                    space.Fill(work.Destination, work.Value, work.Bytes);
                    break;
            }
        }
    }

    private void Execute(SimulatedKernel kernel)
    {
        try
        {
            kernel.Body?.Invoke();
        }
        catch (Exception exception)
        {
            KernelException ??= exception;
            Sticky = CudaError.LaunchFailed;
        }
    }
}
