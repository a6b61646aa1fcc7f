using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;

namespace Replay.Serving;

/// <summary>The requests of a trace, or the first of them.</summary>
/// <param name="Path">The trace's path.</param>
/// <param name="BlockTokens">Tokens that a block id of it stands for; 0 to find out.</param>
/// <param name="First">How many requests, at most.</param>
/// <param name="RateScale">What arrival times are divided by.</param>
internal sealed record TraceLoad(string Path, int BlockTokens, int First, decimal RateScale) : ILoad
{
    private const int RequestsPerReport = 64;

    public string Description =>
        (First == int.MaxValue ? "All" : $"The first {First:N0}") + $" requests of {System.IO.Path.GetFileName(Path)}" +
        (RateScale == 1 ? "" : $", arriving {RateScale} times as fast");

    public IEnumerable<SimulatedRequest> Read(Action<double> report)
    {
        using TraceReader reader = TraceReader.Open(Path, BlockTokens);
        int count = 0;
        foreach (SimulatedRequest request in reader.ReadAll().Take(First).ScaleRate(RateScale).ToSimulated())
        {
            yield return request;
            if (++count % RequestsPerReport == 0)
            {
                report(Math.Max(reader.Progress, (double)count / First));
            }
        }
    }
}
