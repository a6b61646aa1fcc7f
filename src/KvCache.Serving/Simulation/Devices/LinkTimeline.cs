using KvCache.Memory;
using KvCache.Serving.CostModels;

namespace KvCache.Serving.Simulation.Devices;

/// <summary>One direction of a link: copies one behind the other, a ticket each.</summary>
/// <remarks>
/// Times are fixed when a copy is submitted, and put off where an exchange between the devices takes the link before the copy begins. A copy
/// that the processor has waited for began before any exchange that is still to come.
/// </remarks>
internal sealed class LinkTimeline(ProcessorClock clock, LinkSpeed link) : KvTimeline
{
    private const int ForgetFrom = 4096;
    private readonly List<(long Begin, long End)> _copies = [];
    private long _forgotten;
    private long _free;
    private long _busyTicks;

    /// <summary>Gets the bytes copied.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gets the bandwidth that copies have had, or null before the first.</summary>
    public double? BytesPerSecond => _busyTicks == 0 ? null : Bytes * (double)TimeSpan.TicksPerSecond / _busyTicks;

    /// <summary>Submits a copy that may begin at some moment.</summary>
    public KvTransfer Submit(long from, ReadOnlySpan<KvCopy> pieces)
    {
        if (pieces.IsEmpty)
        {
            return default;
        }

        long bytes = 0;
        foreach (KvCopy piece in pieces)
        {
            bytes += piece.Bytes;
        }

        long ticks = link.Estimate(bytes, pieces.Length).Ticks;
        long begin = Math.Max(from, _free);
        _free = begin + ticks;
        _copies.Add((begin, _free));
        Bytes += bytes;
        _busyTicks += ticks;
        return new KvTransfer(new KvFence(this, _forgotten + _copies.Count - 1));
    }

    /// <summary>When an exchange that would begin at a moment can: a copy that has begun is not broken off.</summary>
    public long EndOfCopyAt(long moment)
    {
        for (int i = _copies.Count - 1; i >= 0 && _copies[i].End > moment; i--)
        {
            if (_copies[i].Begin < moment)
            {
                return _copies[i].End;
            }
        }

        return moment;
    }

    /// <summary>Keeps the link for an exchange; copies that have not begun by then wait.</summary>
    public void Hold(long from, long ticks)
    {
        for (int i = _copies.Count - 1; i >= 0 && _copies[i].Begin >= from; i--)
        {
            _copies[i] = (_copies[i].Begin + ticks, _copies[i].End + ticks);
        }

        _free = Math.Max(from + ticks, _copies.Count > 0 ? _copies[^1].End : 0);
    }

    /// <summary>Forgets copies that have ended, now and then.</summary>
    public void Forget()
    {
        if (_copies.Count >= ForgetFrom)
        {
            int ended = _copies.FindIndex(copy => copy.End > clock.Ticks);
            ended = ended < 0 ? _copies.Count : ended;
            _copies.RemoveRange(0, ended);
            _forgotten += ended;
        }
    }

    public override bool HasPassed(long ticket) => EndOf(ticket) <= clock.Ticks;

    public override void Wait(long ticket) => clock.WaitUntil(EndOf(ticket));

    public override bool HasFailed(long ticket) => false;

    private long EndOf(long ticket) => ticket < _forgotten ? 0 : _copies[(int)(ticket - _forgotten)].End;
}
