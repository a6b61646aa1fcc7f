using System.Diagnostics;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>How long calls of one kind took.</summary>
internal sealed class CallTimes
{
    private readonly List<long> _ticks = [];
    private bool _sorted;

    public int Count => _ticks.Count;

    public double MedianMicroseconds => At(0.5);

    /// <summary>What one call in a hundred exceeds.</summary>
    public double Percentile99Microseconds => At(0.99);

    public double WorstMicroseconds => At(1);

    public void Add(long ticks)
    {
        _ticks.Add(ticks);
        _sorted = false;
    }

    private double At(double quantile)
    {
        if (_ticks.Count == 0)
        {
            return double.NaN;
        }

        if (!_sorted)
        {
            _ticks.Sort();
            _sorted = true;
        }

        return Stopwatch.GetElapsedTime(0, _ticks[(int)Math.Min(_ticks.Count - 1, quantile * _ticks.Count)]).TotalMicroseconds;
    }
}
