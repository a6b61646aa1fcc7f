namespace KvCache.Serving.CostModels;

/// <summary>A step costs a base, and so much for each prefill token and each decoding request.</summary>
/// <remarks>Whole numbers throughout, so that two schedulers can be compared step by step.</remarks>
public sealed class LinearCostModel : ICostModel
{
    private readonly TimeSpan _base;
    private readonly TimeSpan _prefillToken;
    private readonly TimeSpan _decodeRequest;

    /// <summary>Makes a model.</summary>
    /// <param name="baseMicroseconds">What every step costs; at least 0.</param>
    /// <param name="prefillTokenMicroseconds">What each prefill token adds; at least 0.</param>
    /// <param name="decodeRequestMicroseconds">What each decoding request adds; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A cost is negative.</exception>
    public LinearCostModel(long baseMicroseconds, long prefillTokenMicroseconds, long decodeRequestMicroseconds)
    {
        _base = Microseconds(baseMicroseconds, nameof(baseMicroseconds));
        _prefillToken = Microseconds(prefillTokenMicroseconds, nameof(prefillTokenMicroseconds));
        _decodeRequest = Microseconds(decodeRequestMicroseconds, nameof(decodeRequestMicroseconds));
    }

    /// <inheritdoc />
    public StepCost Estimate(in StepWork work)
    {
        long ticks = checked(
            _base.Ticks + (work.PrefillTokens * _prefillToken.Ticks) + (work.DecodeRows * _decodeRequest.Ticks));
        return new StepCost(TimeSpan.FromTicks(ticks), Layers: 0, PerLayer: TimeSpan.Zero, After: TimeSpan.Zero);
    }

    private static TimeSpan Microseconds(long value, string paramName)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, paramName);
        return TimeSpan.FromMicroseconds(value);
    }
}
