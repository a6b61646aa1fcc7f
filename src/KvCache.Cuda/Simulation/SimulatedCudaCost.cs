namespace KvCache.Cuda.Simulation;

/// <summary>How long a call takes, as a distribution with a heavy tail.</summary>
/// <remarks>
/// 99 of 100 calls follow a power law from the shortest time to <paramref name="Percentile99"/>; the hundredth falls between that and
/// <paramref name="Worst"/>, equally likely in every factor. The mean is <paramref name="Mean"/>.
/// </remarks>
/// <param name="Mean">The mean, in microseconds.</param>
/// <param name="Percentile99">What one call in a hundred exceeds, in microseconds; at least the mean.</param>
/// <param name="Worst">The longest, in microseconds; at least the percentile.</param>
public readonly record struct SimulatedCudaCost(double Mean, double Percentile99, double Worst)
{
    private const double BodyShare = 0.99;
    private const double ShortestOverBodyMean = 0.8;

    /// <summary>A cost without variation.</summary>
    /// <param name="microseconds">Every call's time.</param>
    /// <returns>The cost.</returns>
    public static SimulatedCudaCost Constant(double microseconds) => new(microseconds, microseconds, microseconds);

    /// <summary>The time at a point of the distribution.</summary>
    /// <param name="quantile">The point, 0 … 1.</param>
    /// <returns>Microseconds.</returns>
    public double At(double quantile)
    {
        if (Worst <= Mean)
        {
            return Mean;
        }

        double ratio = Worst / Percentile99;
        if (quantile > BodyShare)
        {
            return Percentile99 * Math.Pow(ratio, (quantile - BodyShare) / (1 - BodyShare));
        }

        double tailMean = ratio > 1 ? Percentile99 * (ratio - 1) / Math.Log(ratio) : Percentile99;
        double bodyMean = (Mean - ((1 - BodyShare) * tailMean)) / BodyShare;
        double shortest = ShortestOverBodyMean * bodyMean;
        double power = ((Percentile99 - shortest) / (bodyMean - shortest)) - 1;
        return shortest + ((Percentile99 - shortest) * Math.Pow(quantile / BodyShare, power));
    }
}
