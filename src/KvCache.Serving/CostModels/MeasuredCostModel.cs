namespace KvCache.Serving.CostModels;

/// <summary>A cost model that learns from the steps of a running engine: so much for each prefill token, so much for each decoding request.</summary>
/// <remarks>
/// <para>A step's time is divided by its tokens; the means fade, so that they follow the machine. It does not know that attention over a
/// longer context costs more: for long prompts it says too little, never too much. Until a kind of work has been observed, it costs nothing.</para>
/// <para>One thread observes, any may estimate.</para>
/// </remarks>
public sealed class MeasuredCostModel : ICostModel
{
    /// <summary>What a step's tokens count after the next step: half after fourteen steps.</summary>
    private const double Decay = 0.95;
    private readonly Lock _gate = new();
    private Sum _prefill;
    private Sum _decode;

    /// <summary>Takes a step's time in. Allocates nothing.</summary>
    /// <param name="work">What the step computed.</param>
    /// <param name="time">How long it took; at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public void Observe(in StepWork work, TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        if (work.Tokens > 0)
        {
            double perToken = time.TotalSeconds / work.Tokens;
            lock (_gate)
            {
                _prefill.Add(work.PrefillTokens, perToken);
                _decode.Add(work.DecodeRows, perToken);
            }
        }
    }

    /// <inheritdoc/>
    public StepCost Estimate(in StepWork work)
    {
        lock (_gate)
        {
            double seconds = (work.PrefillTokens * _prefill.Mean) + (work.DecodeRows * _decode.Mean);
            return new StepCost(TimeSpan.FromSeconds(seconds), Layers: 0, PerLayer: TimeSpan.Zero, After: TimeSpan.Zero);
        }
    }

    private struct Sum
    {
        private double _tokens;
        private double _seconds;

        public readonly double Mean => _tokens > 0 ? _seconds / _tokens : 0;

        public void Add(int tokens, double perToken)
        {
            if (tokens > 0)
            {
                _tokens = (_tokens * Decay) + tokens;
                _seconds = (_seconds * Decay) + (tokens * perToken);
            }
        }
    }
}
