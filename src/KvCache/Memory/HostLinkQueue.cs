namespace KvCache.Memory;

/// <summary>One direction of a <see cref="HostLink"/>: its copies in order. All but the timeline's members under the link's lock.</summary>
internal sealed class HostLinkQueue(object gate) : KvTimeline
{
    /// <summary>Room for pieces before the queue has to grow.</summary>
    private const int Room = 4096;
    private readonly Queue<KvCopy> _pieces = new(Room);
    private readonly Queue<int> _counts = new(Room);
    private readonly HashSet<long> _failed = [];
    private BandwidthEstimate? _estimate;
    private long _issued;
    private long _passed;
    private int _waiting;

    public bool HasWork => _counts.Count > 0;

    public bool IsWaitedFor => _waiting > 0;

    public double? BytesPerSecond => Volatile.Read(ref _estimate)?.BytesPerSecond;

    public KvFence Add(ReadOnlySpan<KvCopy> copies)
    {
        foreach (KvCopy copy in copies)
        {
            _pieces.Enqueue(copy);
        }

        _counts.Enqueue(copies.Length);
        return new KvFence(this, ++_issued);
    }

    public void Take(List<KvCopy> pieces)
    {
        pieces.Clear();
        for (int count = _counts.Dequeue(); count > 0; count--)
        {
            pieces.Add(_pieces.Dequeue());
        }
    }

    public void Pass(bool failed, long bytes, double seconds)
    {
        if (failed)
        {
            _failed.Add(_passed + 1);
        }
        else if (bytes > 0 && seconds > 0)
        {
            _estimate ??= new BandwidthEstimate(bytes / seconds);
            _estimate.Observe(bytes, seconds);
        }

        Volatile.Write(ref _passed, _passed + 1);
    }

    public override bool HasPassed(long ticket) => ticket <= Volatile.Read(ref _passed);

    public override bool HasFailed(long ticket)
    {
        lock (gate)
        {
            return _failed.Contains(ticket);
        }
    }

    public override void Wait(long ticket)
    {
        if (HasPassed(ticket))
        {
            return;
        }

        lock (gate)
        {
            _waiting++;
            while (!HasPassed(ticket))
            {
                Monitor.Wait(gate);
            }

            _waiting--;
        }
    }
}
