namespace Generate.Sampling;

/// <summary>How tokens are chosen.</summary>
/// <param name="Temperature">What logits are divided by; 0 for always the likeliest token.</param>
/// <param name="TopP">The probability of the tokens that are chosen among; 1 for all.</param>
/// <param name="Seed">Where the random numbers begin.</param>
internal sealed record SamplingSettings(double Temperature = 0, double TopP = 1, ulong Seed = 0)
{
    /// <summary>
    /// The sampler of one of a prompt's samples: a text depends on its prompt, the seed and the number of the sample, not on
    /// what else is generated or when.
    /// </summary>
    public ITokenSampler Create(int sample) =>
        Temperature == 0 ? new GreedySampler() : new NucleusSampler(Temperature, TopP, SplitMix64.Derive(Seed, sample));
}
