using KvCache.Serving.CostModels;
using KvCache.Serving.Traces;

namespace Replay.Demonstration;

/// <summary>The load and the servers of the demonstration. The same options give the same figures on every machine.</summary>
internal sealed record DemonstrationOptions
{
    public TransformerModel Model { get; init; } = TransformerModels.Llama31With8B;

    public AcceleratorDevice Device { get; init; } = AcceleratorDevices.Rtx4090;

    public int BlockTokens { get; init; } = 16;

    public WorkloadOptions Load { get; init; } = new()
    {
        Requests = 3_000,
        Arrivals = ArrivalProcess.Poisson(1.3),
        Turns = LengthDistribution.Uniform(1, 6),
        ThinkTime = TimeSpan.FromSeconds(25),
        SystemPrompts = 8,
        SystemPromptTokens = LengthDistribution.Uniform(128, 1_024),
        PromptTokens = LengthDistribution.LogNormal(median: 60, sigma: 1, least: 4, most: 2_048),
        OutputTokens = LengthDistribution.LogNormal(median: 120, sigma: 0.8, least: 8, most: 1_024),
        LongestConversation = 8_192,
        Seed = 20_250_917,
    };
}
