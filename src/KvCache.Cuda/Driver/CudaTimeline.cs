using KvCache.Memory;

namespace KvCache.Cuda.Driver;

/// <summary>Points in the work of one or several streams: a ticket is one event per stream, in a ring that is used again as tickets pass.</summary>
internal sealed unsafe class CudaTimeline : KvTimeline
{
    private const int FirstCapacity = 16;
    private const uint NoTimingBlockingWait = 0x2 | 0x1;

    /// <summary>No <see cref="Lock"/>: that allocates when two threads first meet at it, which may be in the middle of decoding.</summary>
    private readonly object _gate = new();
    private readonly CudaContext _context;
    private readonly HashSet<long> _failed = [];
    private nint[] _streams;
    private nint[][] _events; // per stream; a slot's event is made when the slot is used for the first time
    private int _capacity = FirstCapacity;
    private long _issued;
    private long _passed;
    private long _firstLost = long.MaxValue;

    public CudaTimeline(CudaContext context, nint stream)
    {
        _context = context;
        _streams = [stream];
        _events = [new nint[FirstCapacity]];
    }

    private CudaDriver Driver => _context.Driver;

    /// <summary>Names the point after everything submitted so far. Where the driver cannot, waits for the work instead.</summary>
    /// <param name="failed">Whether what was submitted last has failed.</param>
    public KvFence Record(bool failed = false)
    {
        lock (_gate)
        {
            using CudaScope scope = _context.Enter();
            MakeRoom();
            long ticket = _issued + 1;
            if (TryRecord(ticket))
            {
                _issued = ticket;
            }
            else
            {
                Synchronize();
                if (!failed)
                {
                    return default;
                }

                _issued = ticket;
                _passed = ticket; // all before it has finished too
            }

            if (failed)
            {
                _failed.Add(ticket);
            }

            return new KvFence(this, ticket);
        }
    }

    /// <summary>Lets later tickets stand for the work of one more stream.</summary>
    public void AddStream(nint stream)
    {
        lock (_gate)
        {
            using CudaScope scope = _context.Enter();
            Synchronize();
            _passed = _issued;
            _streams = [.. _streams, stream];
            _events = [.. _events, new nint[_capacity]];
        }
    }

    /// <summary>Ends what <see cref="AddStream"/> has begun.</summary>
    public bool RemoveStream(nint stream)
    {
        lock (_gate)
        {
            int index = Array.LastIndexOf(_streams, stream);
            if (index <= 0)
            {
                return false; // the first stream is the timeline's own
            }

            using CudaScope scope = _context.Enter();
            Synchronize();
            _passed = _issued;
            Destroy(_events[index]);
            _streams = [.. _streams[..index], .. _streams[(index + 1)..]];
            _events = [.. _events[..index], .. _events[(index + 1)..]];
            return true;
        }
    }

    public override bool HasPassed(long ticket)
    {
        if (ticket <= Volatile.Read(ref _passed))
        {
            return true;
        }

        lock (_gate)
        {
            CheckIssued(ticket);
            using CudaScope scope = _context.Enter();
            Advance(ticket);
            return ticket <= _passed;
        }
    }

    public override void Wait(long ticket)
    {
        while (!HasPassed(ticket))
        {
            // Outside the lock, so that others can record meanwhile. An event recorded again meanwhile only lengthens the wait.
            using CudaScope scope = _context.Enter();
            nint[][] events = _events;
            int slot = (int)(ticket % events[0].Length);
            foreach (nint[] ofStream in events)
            {
                CudaError answer = Driver.Entries.cuEventSynchronize(ofStream[slot]);
                if (answer != CudaError.Success && !answer.IsSticky())
                {
                    // Whoever waits must not go on before the work has ended: then for more of it than need be.
                    _context.Note(answer, CudaEntryPoint.cuEventSynchronize);
                    Synchronize();
                }
            }
        }
    }

    public override bool HasFailed(long ticket)
    {
        lock (_gate)
        {
            return ticket >= _firstLost || _failed.Contains(ticket);
        }
    }

    /// <summary>Gives the events back. What the driver refuses to take back stays for the next call.</summary>
    public void Destroy()
    {
        lock (_gate)
        {
            using CudaScope scope = _context.Enter();
            foreach (nint[] ofStream in _events)
            {
                Destroy(ofStream);
            }
        }
    }

    private bool TryRecord(long ticket)
    {
        int slot = (int)(ticket % _capacity);
        for (int i = 0; i < _streams.Length; i++)
        {
            fixed (nint* slotEvent = &_events[i][slot])
            {
                CudaError answer = *slotEvent != 0 ? CudaError.Success : Driver.Entries.cuEventCreate(slotEvent, NoTimingBlockingWait);
                if (answer != CudaError.Success)
                {
                    *slotEvent = 0;
                    _context.Note(answer, CudaEntryPoint.cuEventCreate);
                    return false;
                }

                answer = Driver.Entries.cuEventRecord(*slotEvent, _streams[i]);
                if (answer != CudaError.Success)
                {
                    _context.Note(answer, CudaEntryPoint.cuEventRecord);
                    return false;
                }
            }
        }

        return true;
    }

    private void Synchronize()
    {
        foreach (nint stream in _streams)
        {
            Driver.Check(Driver.Entries.cuStreamSynchronize(stream), CudaEntryPoint.cuStreamSynchronize);
        }
    }

    private void MakeRoom()
    {
        if (_issued - _passed < _capacity)
        {
            return;
        }

        Advance(_passed + 1);
        if (_issued - _passed < _capacity)
        {
            return;
        }

        int capacity = 2 * _capacity;
        nint[][] larger = new nint[_events.Length][];
        for (int i = 0; i < larger.Length; i++)
        {
            larger[i] = new nint[capacity];
            for (long ticket = _passed + 1; ticket <= _issued; ticket++)
            {
                larger[i][ticket % capacity] = _events[i][ticket % _capacity];
            }
        }

        _capacity = capacity;
        _events = larger;
    }

    /// <summary>Asks for one ticket after the other, up to one of them, while they have passed.</summary>
    private void Advance(long last)
    {
        while (_passed < last)
        {
            int slot = (int)((_passed + 1) % _capacity);
            foreach (nint[] ofStream in _events)
            {
                CudaError answer = Driver.Entries.cuEventQuery(ofStream[slot]);
                if (answer.IsSticky())
                {
                    // The context is lost: nothing runs any more, and nothing that was under way has arrived.
                    _context.Note(answer, CudaEntryPoint.cuEventQuery);
                    _firstLost = Math.Min(_firstLost, _passed + 1);
                    Volatile.Write(ref _passed, _issued);
                    return;
                }

                if (answer != CudaError.Success)
                {
                    if (answer != CudaError.NotReady)
                    {
                        _context.Note(answer, CudaEntryPoint.cuEventQuery); // unknown is not passed: ask again later
                    }

                    return;
                }
            }

            Volatile.Write(ref _passed, _passed + 1);
        }
    }

    private void Destroy(nint[] events)
    {
        for (int i = 0; i < events.Length; i++)
        {
            if (events[i] != 0)
            {
                _context.CheckReturn(Driver.Entries.cuEventDestroy_v2(events[i]), CudaEntryPoint.cuEventDestroy_v2);
                events[i] = 0;
            }
        }
    }

    private void CheckIssued(long ticket)
    {
        if (ticket > _issued)
        {
            throw new InvalidOperationException($"Ticket {ticket} was never issued; the last is {_issued}.");
        }
    }
}
