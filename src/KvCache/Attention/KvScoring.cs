namespace KvCache.Attention;

/// <summary>How the dot product of a query and a key becomes the score that softmax sees.</summary>
/// <remarks>Score = cap·tanh(scale·(q·k) / cap) where there is a cap, else scale·(q·k). Default: 1 / √(key dim), no cap.</remarks>
public readonly record struct KvScoring
{
    /// <summary>Gets the factor of the dot product; 0 (the default) stands for 1 / √(key dim).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a finite number.</exception>
    public float Scale
    {
        get;
        init => field = float.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(Scale)} is {value}; expected a finite number.");
    }

    /// <summary>Gets the bound of the scores (Gemma 2's logit soft cap); 0 (the default) for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or not finite.</exception>
    public float SoftCap
    {
        get;
        init => field = value >= 0 && float.IsFinite(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(SoftCap)} is {value}; expected 0 or more, and finite.");
    }

    internal float ScaleFor(int keyDim) => Scale == 0 ? 1 / MathF.Sqrt(keyDim) : Scale;
}
