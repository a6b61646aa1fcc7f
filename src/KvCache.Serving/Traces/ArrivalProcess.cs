namespace KvCache.Serving.Traces;

/// <summary>When requests, or conversations, arrive.</summary>
/// <remarks>Immutable; what is drawn comes from the generator's random numbers.</remarks>
public sealed class ArrivalProcess
{
    private readonly Func<Random, double> _gap;

    private ArrivalProcess(Func<Random, double> gap) => _gap = gap;

    /// <summary>Independent arrivals: gaps are exponentially distributed.</summary>
    /// <param name="rate">Arrivals per second, on average; above 0 and finite.</param>
    /// <returns>The process.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is out of its range.</exception>
    public static ArrivalProcess Poisson(double rate)
    {
        Validate(rate);
        return new ArrivalProcess(random => -Math.Log(1 - random.NextDouble()) / rate);
    }

    /// <summary>Arrivals at equal gaps.</summary>
    /// <param name="rate">Arrivals per second; above 0 and finite.</param>
    /// <returns>The process.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rate"/> is out of its range.</exception>
    public static ArrivalProcess Constant(double rate)
    {
        Validate(rate);
        return new ArrivalProcess(_ => 1 / rate);
    }

    /// <summary>The seconds to the next arrival.</summary>
    internal double NextGap(Random random) => _gap(random);

    private static void Validate(double rate)
    {
        if (!(rate > 0 && double.IsFinite(rate)))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, $"The rate is {rate} a second; expected above 0 and finite.");
        }
    }
}
