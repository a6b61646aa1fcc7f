namespace KvCache.Serving.Tests.Scheduling;

/// <summary>A clock that goes on when it is told to.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _seconds = 1000;

    public override long TimestampFrequency => 1;

    public override long GetTimestamp() => _seconds;

    public void Advance(int seconds) => _seconds += seconds;
}
