namespace KvCache.Serving.Traces;

/// <summary>How many: tokens of prompts and answers, turns of conversations. At least 1, or 0 where the bounds allow it.</summary>
/// <remarks>Immutable; what is drawn comes from the generator's random numbers.</remarks>
public sealed class LengthDistribution
{
    private readonly Func<Random, int> _next;

    private LengthDistribution(Func<Random, int> next) => _next = next;

    /// <summary>Always the same.</summary>
    /// <param name="length">The length; at least 0.</param>
    /// <returns>The distribution.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public static LengthDistribution Fixed(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new LengthDistribution(_ => length);
    }

    /// <summary>Every length of a range equally often.</summary>
    /// <param name="least">The shortest; at least 0.</param>
    /// <param name="most">The longest; at least <paramref name="least"/>, below 2³¹ − 1.</param>
    /// <returns>The distribution.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A bound is out of its range.</exception>
    public static LengthDistribution Uniform(int least, int most)
    {
        ValidateBounds(least, most);
        return new LengthDistribution(random => random.Next(least, most + 1));
    }

    /// <summary>Many short and few long ones, as in measured traces: the logarithm is normally distributed.</summary>
    /// <param name="median">The median; above 0 and finite.</param>
    /// <param name="sigma">The logarithm's standard deviation; at least 0 and finite.</param>
    /// <param name="least">What is shorter becomes as long as this; at least 0.</param>
    /// <param name="most">What is longer becomes as short as this; at least <paramref name="least"/>.</param>
    /// <returns>The distribution.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LengthDistribution LogNormal(double median, double sigma, int least, int most)
    {
        ValidateBounds(least, most);
        if (!(median > 0 && double.IsFinite(median)))
        {
            throw new ArgumentOutOfRangeException(nameof(median), median, $"The median is {median}; expected above 0 and finite.");
        }

        if (!(sigma >= 0 && double.IsFinite(sigma)))
        {
            throw new ArgumentOutOfRangeException(nameof(sigma), sigma, $"The deviation is {sigma}; expected at least 0 and finite.");
        }

        return new LengthDistribution(random =>
        {
            // Box and Muller's transform, of which one of two values is used.
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            double normal = radius * Math.Cos(2 * Math.PI * random.NextDouble());
            return (int)Math.Clamp(Math.Round(median * Math.Exp(sigma * normal)), least, most);
        });
    }

    /// <summary>One of given lengths, each equally often: those of a trace, for example.</summary>
    /// <param name="lengths">The lengths; at least one, none negative. Copied.</param>
    /// <returns>The distribution.</returns>
    /// <exception cref="ArgumentException">There are none, or one is negative.</exception>
    public static LengthDistribution OneOf(params ReadOnlySpan<int> lengths)
    {
        int[] copy = lengths.ToArray();
        if (copy.Length == 0 || copy.Min() < 0)
        {
            throw new ArgumentException($"{copy.Length} lengths were given; expected at least one, and none below 0.", nameof(lengths));
        }

        return new LengthDistribution(random => copy[random.Next(copy.Length)]);
    }

    internal int Next(Random random) => _next(random);

    private static void ValidateBounds(int least, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(least);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
        ArgumentOutOfRangeException.ThrowIfEqual(most, int.MaxValue);
    }
}
