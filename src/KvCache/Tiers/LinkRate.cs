namespace KvCache.Tiers;

/// <summary>How fast a link copies in one direction, and how well that is known.</summary>
/// <param name="BytesPerSecond">The mean over the last copies, by bytes.</param>
/// <param name="RelativeError">The standard deviation of the time per byte among them, as a share of its mean.</param>
public readonly record struct LinkRate(double BytesPerSecond, double RelativeError)
{
    /// <summary>Answers how long so many bytes take.</summary>
    /// <param name="bytes">How many.</param>
    /// <returns>The time at the mean rate.</returns>
    public TimeSpan TimeFor(long bytes) => TimeSpan.FromSeconds(bytes / BytesPerSecond);
}
