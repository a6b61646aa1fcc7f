namespace KvCache.Benchmarks.Workloads;

/// <summary>Makes sure that contestants compute the same thing, before their times are compared.</summary>
internal static class Agreement
{
    /// <summary>How far results may lie apart where keys and values are stored so. Results are averages of numbers in −1 … 1.</summary>
    public static float Tolerance(KvElementType elementType) => elementType switch
    {
        KvElementType.Float32 => 1e-5f,
        KvElementType.Float16 => 5e-3f,
        _ => 2e-2f,
    };

    /// <exception cref="InvalidOperationException">Some number lies further from the expected one, or none was computed.</exception>
    public static void Require(string name, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, float tolerance)
    {
        float difference = actual.Length == expected.Length && !actual.IsEmpty ? 0 : float.NaN;
        for (int i = 0; i < actual.Length && float.IsFinite(difference); i++)
        {
            float here = MathF.Abs(actual[i] - expected[i]);
            difference = here > difference || float.IsNaN(here) ? here : difference;
        }

        if (!(difference <= tolerance))
        {
            throw new InvalidOperationException(
                $"{name} computes something else: it is off by {difference}; expected at most {tolerance}.");
        }
    }
}
