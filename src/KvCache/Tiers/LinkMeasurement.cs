namespace KvCache.Tiers;

/// <summary>A link's rate as its copies show it: sums over copies, which fade with every further one.</summary>
/// <remarks>
/// A copy weighs as much as it has bytes: the time of short ones is mostly that of their submission. Until the first copies, the assumed
/// rate counts as one of 1 MiB that may be wrong by half. One thread writes, any may read.
/// </remarks>
internal sealed class LinkMeasurement
{
    /// <summary>What a copy counts after the next one: half after seven copies.</summary>
    private const double Decay = 0.9;
    private const double AssumedBytes = 1 << 20;
    private const double AssumedError = 0.5;
    private readonly Lock _gate = new();
    private double _bytes;
    private double _seconds;
    private double _secondMoment;

    public LinkMeasurement(double assumedBytesPerSecond)
    {
        double perByte = 1 / assumedBytesPerSecond;
        _bytes = AssumedBytes;
        _seconds = AssumedBytes * perByte;
        _secondMoment = AssumedBytes * perByte * perByte * (1 + (AssumedError * AssumedError));
    }

    public LinkRate Rate
    {
        get
        {
            lock (_gate)
            {
                double mean = _seconds / _bytes;
                double variance = Math.Max(0, (_secondMoment / _bytes) - (mean * mean));
                return new LinkRate(1 / mean, Math.Sqrt(variance) / mean);
            }
        }
    }

    public void Observe(long bytes, double seconds)
    {
        if (bytes > 0 && seconds > 0)
        {
            lock (_gate)
            {
                _bytes = (_bytes * Decay) + bytes;
                _seconds = (_seconds * Decay) + seconds;
                _secondMoment = (_secondMoment * Decay) + (seconds * seconds / bytes);
            }
        }
    }
}
