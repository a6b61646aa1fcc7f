using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;

namespace Replay.Figures;

/// <summary>Requests of one point of a figure: the same ones whenever a seed is given.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="X">Its place on the axis.</param>
/// <param name="PromptTokens">The mean length of prompts.</param>
/// <param name="OutputTokens">The mean length of answers.</param>
/// <param name="Requests">The requests by the seed.</param>
internal sealed record Load(string Name, double X, int PromptTokens, int OutputTokens, Func<int, IEnumerable<SimulatedRequest>> Requests)
{
    /// <summary>Requests of one length, arriving independently.</summary>
    public static Load OfContext(int context, int output, double rate, int requests) => new(
        "context",
        context,
        context,
        output,
        seed => WorkloadGenerator.Generate(Options(requests, rate, seed) with
        {
            PromptTokens = LengthDistribution.Fixed(context),
            OutputTokens = LengthDistribution.Fixed(output),
        }));

    /// <summary>Requests of given lengths in their order, arriving independently.</summary>
    public static Load OfLengths(string name, IReadOnlyList<(int Prompt, int Output)> lengths, double rate) => new(
        name,
        rate,
        (int)lengths.Average(static length => length.Prompt),
        (int)lengths.Average(static length => length.Output),
        seed => WorkloadGenerator.Generate(Options(lengths.Count, rate, seed))
            .Zip(lengths, static (request, length) => request with { PromptTokens = length.Prompt, OutputTokens = length.Output }));

    private static WorkloadOptions Options(int requests, double rate, int seed) => new()
    {
        Requests = requests,
        Arrivals = ArrivalProcess.Poisson(rate),
        PromptTokens = LengthDistribution.Fixed(1),
        OutputTokens = LengthDistribution.Fixed(1),
        Seed = seed,
    };
}
