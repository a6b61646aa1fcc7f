using System.Globalization;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Tells how much of the machine's processors somebody else used meanwhile; 0 where the system does not say.</summary>
internal readonly struct MachineLoad
{
    private const double TicksPerSecond = 100;
    private readonly long _start;
    private readonly double _busy;
    private readonly double _own;

    private MachineLoad(long start, double busy, double own)
    {
        _start = start;
        _busy = busy;
        _own = own;
    }

    public static MachineLoad Now() => new(TimeProvider.System.GetTimestamp(), BusySeconds(), OwnSeconds());

    /// <summary>The share of all processors' time since then that was used neither by this process nor by nobody.</summary>
    public double OthersSince()
    {
        double seconds = TimeProvider.System.GetElapsedTime(_start).TotalSeconds;
        double others = BusySeconds() - _busy - (OwnSeconds() - _own);
        return OperatingSystem.IsLinux() ? Math.Max(0, others / (seconds * Environment.ProcessorCount)) : 0;
    }

    private static double OwnSeconds() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static double BusySeconds()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        // "cpu user nice system idle iowait irq softirq steal …": all but the fourth and fifth is somebody's work.
        string line = File.ReadLines("/proc/stat").First();
        double[] ticks = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
            .Select(static number => double.Parse(number, CultureInfo.InvariantCulture))];
        return (ticks.Sum() - ticks[3] - ticks[4]) / TicksPerSecond;
    }
}
