namespace KvCache.Layerwise;

/// <summary>How long a prefill takes by LayerKV's Eq. 3: α × (2 × parameters × tokens + 2 × layers × width × tokens²) / peak.</summary>
/// <remarks>The second term is causal attention. Source: Xiong et al., "LayerKV", arXiv 2410.00428, Eq. 3; the form of its terms is a reconstruction.</remarks>
/// <param name="Parameters">Parameters of the model on all devices together.</param>
/// <param name="Layers">Layers.</param>
/// <param name="Width">Elements of a hidden state.</param>
/// <param name="PeakFlops">Peak floating-point operations per second of all devices together.</param>
/// <param name="Correction">The empirical factor α: 1 / the share of the peak that is reached.</param>
public sealed record PrefillTime(double Parameters, int Layers, int Width, double PeakFlops, double Correction = 2.0)
{
    /// <summary>Predicts the time of a prompt.</summary>
    /// <param name="tokens">Tokens to compute.</param>
    /// <returns>Seconds.</returns>
    public double Seconds(int tokens) =>
        Correction * ((2.0 * Parameters * tokens) + (2.0 * Layers * Width * tokens * tokens)) / PeakFlops;
}
