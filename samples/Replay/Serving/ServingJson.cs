using System.Text.Json;
using KvCache.Serving.Simulation;

namespace Replay.Serving;

/// <summary>What requests got, for programs: one object with a list of runs. Times are in milliseconds.</summary>
internal static class ServingJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
    };

    public static void Write(IReadOnlyList<ServedLoad> loads, Stream stream)
    {
        JsonSerializer.Serialize(stream, new { Runs = loads.Select(Run) }, Options);
        stream.Write("\n"u8);
    }

    private static object Run(ServedLoad load)
    {
        ServiceSummary summary = load.Summary;
        return new
        {
            Allocator = load.Name,
            Model = load.Server.Model.Name,
            load.Server.TensorParallel,
            load.Server.BlockTokens,
            Blocks = load.Result.TotalBlocks,
            load.Server.ChunkBytes,
            load.Server.MemoryBytes,
            load.Server.MaxSequences,
            load.Server.MaxStepTokens,
            PrefixCache = load.Server.PrefixCaching,
            load.Server.Deduplicate,
            summary.Served,
            summary.Refused,
            Steps = load.Result.Steps.Count,
            MakespanMs = summary.Makespan.TotalMilliseconds,
            TtftMs = Distribution(summary.TimeToFirstToken),
            TpotMs = Distribution(summary.TimePerOutputToken),
            LatencyMs = Distribution(summary.Latency),
            summary.QueueingShare,
            summary.Violations,
            RequestsPerSecond = summary.Throughput,
            GoodRequestsPerSecond = summary.Goodput,
            OutputTokensPerSecond = summary.TokenThroughput,
            summary.Preemptions,
            summary.RecomputedTokens,
            summary.HitTokens,
            summary.PeakBlocks,
        };
    }

    private static object Distribution(LatencyDistribution times) => new
    {
        Mean = times.Mean.TotalMilliseconds,
        P50 = times.P50.TotalMilliseconds,
        P90 = times.P90.TotalMilliseconds,
        P99 = times.P99.TotalMilliseconds,
    };
}
