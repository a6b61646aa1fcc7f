namespace KvCache.Serving.Simulation;

/// <summary>A clock that stands still until it is told to go on. Counts from 0, in ticks of 100 ns.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Now => TimeSpan.FromTicks(_ticks);

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    public void AdvanceTo(TimeSpan time) => _ticks = Math.Max(_ticks, time.Ticks);
}
