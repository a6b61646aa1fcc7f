using KvCache.Memory;

namespace KvCache.Layerwise;

/// <summary>Measures one direction of a link by what is waited for: the copies are in order, so that their times add up.</summary>
/// <remarks>Copies that end unobserved say nothing; a copy that was over when its submission returned took as long as that.</remarks>
internal sealed class LinkMeter(TimeProvider clock, double assumedBytesPerSecond)
{
    private readonly BandwidthEstimate _estimate = new(assumedBytesPerSecond);
    private KvTransfer _last;
    private long _since;
    private long _submitted;
    private long _seen;

    public double BytesPerSecond => _estimate.BytesPerSecond;

    /// <summary>Notes the time, where nothing is under way.</summary>
    public void Submitting()
    {
        if (_last.Fence.HasPassed)
        {
            _since = clock.GetTimestamp();
            _seen = _submitted;
        }
    }

    /// <summary>Notes what was submitted.</summary>
    /// <returns>The bytes submitted so far: the copy's mark.</returns>
    public long Submitted(KvTransfer copy, long bytes)
    {
        _submitted += bytes;
        _last = copy;
        if (copy.Fence.HasPassed)
        {
            Observe(_submitted);
        }

        return _submitted;
    }

    /// <summary>Waits for a copy.</summary>
    /// <returns>Whether the bytes have arrived.</returns>
    public bool Wait(KvTransfer copy, long mark)
    {
        if (copy.Fence.HasPassed)
        {
            return copy.Wait();
        }

        bool arrived = copy.Wait();
        Observe(mark);
        return arrived;
    }

    private void Observe(long mark)
    {
        long now = clock.GetTimestamp();
        if (mark > _seen)
        {
            _estimate.Observe(mark - _seen, clock.GetElapsedTime(_since, now).TotalSeconds);
            _seen = mark;
        }

        _since = now;
    }
}
