using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;

namespace Replay.Serving;

/// <summary>Requests made up, the same ones every time.</summary>
internal sealed record GeneratedLoad(WorkloadOptions Options, string Description) : ILoad
{
    /// <summary>A seed whose first hundred gaps are about as long, on average, as was asked for; those of 0 are a fifth longer.</summary>
    public const int DefaultSeed = 3;

    public IEnumerable<SimulatedRequest> Read(Action<double> report)
    {
        int count = 0;
        foreach (SimulatedRequest request in WorkloadGenerator.Generate(Options))
        {
            yield return request;
            report((double)++count / Options.Requests);
        }
    }
}
