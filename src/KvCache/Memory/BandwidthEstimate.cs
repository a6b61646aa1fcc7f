namespace KvCache.Memory;

/// <summary>A link's bandwidth as its copies show it: bytes by seconds, both of which fade with every copy.</summary>
/// <remarks>Long copies weigh more than short ones, whose time is mostly that of their submission.</remarks>
internal sealed class BandwidthEstimate
{
    /// <summary>What a copy counts after the next one: half after seven copies.</summary>
    private const double Decay = 0.9;

    /// <summary>The weight of the assumed bandwidth, as a copy of so many bytes.</summary>
    private const double AssumedBytes = 1 << 20;
    private double _bytes = AssumedBytes;
    private double _seconds;
    private double _rate;

    public BandwidthEstimate(double assumedBytesPerSecond)
    {
        _seconds = AssumedBytes / assumedBytesPerSecond;
        _rate = assumedBytesPerSecond;
    }

    public double BytesPerSecond => Volatile.Read(ref _rate);

    public void Observe(long bytes, double seconds)
    {
        if (seconds > 0)
        {
            _bytes = (_bytes * Decay) + bytes;
            _seconds = (_seconds * Decay) + seconds;
            Volatile.Write(ref _rate, _bytes / _seconds);
        }
    }
}
