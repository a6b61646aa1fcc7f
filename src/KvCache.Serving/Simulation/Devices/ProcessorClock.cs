namespace KvCache.Serving.Simulation.Devices;

/// <summary>How far the processor has come that gives a device its work: it waits for fences, and work is not given before it.</summary>
internal sealed class ProcessorClock : TimeProvider
{
    public long Ticks { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(Ticks);

    public void WaitUntil(long ticks) => Ticks = Math.Max(Ticks, ticks);
}
