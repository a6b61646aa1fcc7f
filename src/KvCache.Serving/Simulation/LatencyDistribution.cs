namespace KvCache.Serving.Simulation;

/// <summary>How times are distributed. All zero where there are none.</summary>
/// <param name="Count">How many.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="P50">Percentiles: pXX is the element ⌊XX/100 × count⌋ of the sorted times, from 0.</param>
/// <param name="P90">See <paramref name="P50"/>.</param>
/// <param name="P99">See <paramref name="P50"/>.</param>
public readonly record struct LatencyDistribution(int Count, TimeSpan Mean, TimeSpan P50, TimeSpan P90, TimeSpan P99)
{
    /// <summary>Sums times up.</summary>
    /// <param name="times">The times, in any order.</param>
    /// <returns>The distribution.</returns>
    public static LatencyDistribution Of(IEnumerable<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        if (sorted.Length == 0)
        {
            return default;
        }

        Int128 ticks = 0;
        foreach (TimeSpan time in sorted)
        {
            ticks += time.Ticks;
        }

        TimeSpan At(int percent) => sorted[(int)((long)percent * sorted.Length / 100)];
        return new LatencyDistribution(sorted.Length, TimeSpan.FromTicks((long)(ticks / sorted.Length)), At(50), At(90), At(99));
    }
}
