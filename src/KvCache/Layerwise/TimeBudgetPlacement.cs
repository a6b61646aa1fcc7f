namespace KvCache.Layerwise;

/// <summary>
/// LayerKV's rule: the fewest layers such that the others reach the host while the prompt is computed; and, which the paper leaves open, no
/// fewer than let every decode step bring the others back within the time per output token that is allowed.
/// </summary>
/// <remarks>
/// <para>Offload (Eq. 4): tokens × (layers − x) × bytes ÷ bandwidth to the host ≤ time of the prefill. Reload: the same bytes ÷ bandwidth
/// to the device ≤ time per output token − time of the computation. Bandwidths are the measured ones of the request.</para>
/// <para>Immutable; any thread. Source: Xiong et al., "LayerKV", arXiv 2410.00428, Eqs. 3–4.</para>
/// </remarks>
public sealed class TimeBudgetPlacement : IPlacementPolicy
{
    private readonly Func<int, double> _prefillSeconds;
    private readonly double _reloadSeconds;

    /// <summary>Makes a policy.</summary>
    /// <param name="prefillSeconds">Predicts how many seconds so many tokens take to compute, such as <see cref="PrefillTime.Seconds"/>.</param>
    /// <param name="reloadSeconds">
    /// Seconds of a decode step in which layers may be brought back: the objective per output token less the step's computation.
    /// Default: infinite, no bound.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="reloadSeconds"/> is negative or not a number.</exception>
    public TimeBudgetPlacement(Func<int, double> prefillSeconds, double reloadSeconds = double.PositiveInfinity)
    {
        ArgumentNullException.ThrowIfNull(prefillSeconds);
        if (!(reloadSeconds >= 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(reloadSeconds), reloadSeconds, $"reloadSeconds is {reloadSeconds}; expected at least 0.");
        }

        _prefillSeconds = prefillSeconds;
        _reloadSeconds = reloadSeconds;
    }

    /// <inheritdoc/>
    public PlacementRange Choose(in PlacementRequest request)
    {
        double written = (double)request.UncomputedTokens * request.BytesPerTokenAndLayer;
        double read = (double)request.Tokens * request.BytesPerTokenAndLayer;
        int hidden = LayersWithin(_prefillSeconds(request.UncomputedTokens) * request.BytesToHostPerSecond, written, request.Layers);
        int reloaded = LayersWithin(_reloadSeconds * request.BytesToDevicePerSecond, read, request.Layers);
        return new PlacementRange(request.Layers - Math.Min(hidden, reloaded), request.Layers);
    }

    private static int LayersWithin(double budgetBytes, double layerBytes, int layers) =>
        layerBytes > 0 ? (int)Math.Clamp(Math.Floor(budgetBytes / layerBytes), 0, layers) : layers;
}
