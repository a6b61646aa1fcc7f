using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>A queue whose points are events of the driver, kept in a ring until they have passed.</summary>
/// <remarks>
/// Points pass in order, so that one event that has passed stands for all before it. The ring grows to the number of points under way at
/// one time. When the driver reports that work itself has failed, its context is lost: this and every later point pass as failed.
/// </remarks>
internal abstract class EventQueue : GpuQueue
{
    private const int FirstCapacity = 16;
    private readonly Lock _gate = new();
    private readonly HashSet<long> _failed = [];
    private nint[] _events = new nint[FirstCapacity];
    private long _issued;
    private long _passed;
    private long _lostFrom = long.MaxValue;

    /// <summary>What the driver says of an event.</summary>
    protected enum EventState
    {
        Pending,
        Passed,
        Failed,
    }

    public sealed override KvFence Record(bool failed = false)
    {
        lock (_gate)
        {
            if (_issued - _passed == _events.Length)
            {
                MakeRoom();
            }

            long ticket = ++_issued;
            if (failed)
            {
                _failed.Add(ticket);
            }

            if (!TryRecord(ref EventOf(ticket)))
            {
                // There is no event for this point: wait for the work itself.
                Pass(ticket, TryDrain() ? EventState.Passed : EventState.Failed);
            }

            return new KvFence(this, ticket);
        }
    }

    public sealed override bool HasPassed(long ticket)
    {
        if (ticket <= Volatile.Read(ref _passed))
        {
            return true;
        }

        lock (_gate)
        {
            return HasPassedNow(ticket);
        }
    }

    public sealed override bool HasFailed(long ticket)
    {
        lock (_gate)
        {
            return ticket >= _lostFrom || _failed.Contains(ticket);
        }
    }

    public sealed override void Wait(long ticket)
    {
        while (!HasPassed(ticket))
        {
            nint held;
            lock (_gate)
            {
                if (ticket > _issued)
                {
                    throw new ArgumentOutOfRangeException(nameof(ticket), ticket, $"ticket is {ticket}; the last that was issued is {_issued}.");
                }

                if (HasPassedNow(ticket))
                {
                    return;
                }

                held = Hold(EventOf(ticket));
            }

            // Outside the lock: others go on submitting. An event reused meanwhile stands for a later point and is waited for a little longer.
            WaitFor(held);
        }
    }

    /// <summary>Makes another queue's later work begin only after a point of this one.</summary>
    public void LetFollow(EventQueue follower, long ticket)
    {
        lock (_gate)
        {
            if (ticket <= _issued && !HasPassedNow(ticket) && follower.TryFollowEvent(EventOf(ticket)))
            {
                return;
            }
        }

        Wait(ticket);
    }

    /// <summary>Waits for the work and gives the events back; every point has passed then.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Pass(_issued, TryDrain() ? EventState.Passed : EventState.Failed);
            foreach (nint unused in _events)
            {
                if (unused != 0)
                {
                    Destroy(unused);
                }
            }

            Array.Clear(_events);
        }
    }

    /// <summary>Records an event; the slot holds one that may be used again, or 0. False where the driver refuses.</summary>
    protected abstract bool TryRecord(ref nint slot);

    /// <summary>Asks for an event's state.</summary>
    protected abstract EventState Query(nint recorded);

    /// <summary>Keeps an event from being destroyed until <see cref="WaitFor"/> returns.</summary>
    protected virtual nint Hold(nint recorded) => recorded;

    /// <summary>Blocks until the event has passed, well or badly.</summary>
    protected abstract void WaitFor(nint held);

    /// <summary>Gives up an event that has passed; 0, or what may be recorded again.</summary>
    protected virtual nint Retire(nint passed) => passed;

    /// <summary>Destroys an event.</summary>
    protected abstract void Destroy(nint unused);

    /// <summary>Makes this queue's later work wait for an event. False where the driver cannot.</summary>
    protected abstract bool TryFollowEvent(nint recorded);

    /// <summary>Waits until the queue is empty. False where its work has failed.</summary>
    protected abstract bool TryDrain();

    private ref nint EventOf(long ticket) => ref _events[ticket % _events.Length];

    private bool HasPassedNow(long ticket)
    {
        if (ticket <= _passed)
        {
            return true;
        }

        EventState state = ticket <= _issued ? Query(EventOf(ticket)) : EventState.Pending;
        if (state != EventState.Pending)
        {
            Pass(state == EventState.Failed ? _issued : ticket, state);
        }

        return state != EventState.Pending;
    }

    private void Pass(long last, EventState state)
    {
        if (state == EventState.Failed)
        {
            _lostFrom = Math.Min(_lostFrom, _passed + 1);
        }

        for (long ticket = _passed + 1; ticket <= last; ticket++)
        {
            ref nint passed = ref EventOf(ticket);
            passed = passed == 0 ? 0 : Retire(passed);
        }

        Volatile.Write(ref _passed, Math.Max(_passed, last));
    }

    private void MakeRoom()
    {
        if (HasPassedNow(_passed + 1))
        {
            return;
        }

        nint[] grown = new nint[_events.Length * 2];
        for (long ticket = _passed + 1; ticket <= _issued; ticket++)
        {
            grown[ticket % grown.Length] = EventOf(ticket);
        }

        _events = grown;
    }
}
