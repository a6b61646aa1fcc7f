namespace Generate.Weights;

/// <summary>Weights for a model that has not been trained: the same ones for the same seed and order, on any machine.</summary>
internal sealed class RandomWeights(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A matrix that keeps the variance of what it is multiplied with.</summary>
    public WeightMatrix Matrix(int rows, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)rows * columns, Array.MaxLength, nameof(rows));
        ArrayMatrix matrix = new(rows, columns);
        Fill(matrix.Values, 0, MathF.Sqrt(3f / columns)); // the variance of a uniform distribution is bound² / 3
        return matrix;
    }

    /// <summary>Values spread evenly from center - bound to center + bound.</summary>
    public float[] Vector(int length, float center, float bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        float[] values = new float[length];
        Fill(values, center, bound);
        return values;
    }

    private void Fill(Span<float> values, float center, float bound)
    {
        foreach (ref float value in values)
        {
            value = center + (bound * Next());
        }
    }

    /// <summary>SplitMix64; its upper 24 bits as a float from -1 to 1.</summary>
    private float Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        z ^= z >> 31;
        return ((z >> 40) * (2f / (1 << 24))) - 1;
    }
}
