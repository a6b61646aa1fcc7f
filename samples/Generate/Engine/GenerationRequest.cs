using Generate.Sampling;

namespace Generate.Engine;

/// <summary>A prompt, and what is wanted of it.</summary>
/// <param name="Prompt">Its tokens; at least one.</param>
/// <param name="MaxTokens">The most tokens to generate; at least 1.</param>
/// <param name="Samples">How many texts; at least 1.</param>
/// <param name="Sampling">How their tokens are chosen.</param>
/// <param name="StopTokens">The tokens that end a text, and are no part of it.</param>
internal sealed record GenerationRequest(
    int[] Prompt, int MaxTokens, int Samples, SamplingSettings Sampling, IReadOnlySet<int> StopTokens);
