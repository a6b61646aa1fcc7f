using KvCache.Serving.Simulation;
using Spectre.Console;

namespace Replay.Serving;

/// <summary>What requests got, as a table: a row for each figure, a column for each server.</summary>
internal static class ServingTable
{
    private static readonly (string Name, Func<ServedLoad, string> Text)[] Rows =
    [
        ("requests served", static load => $"{load.Summary.Served:N0}"),
        ("refused (longer than all memory)", static load => $"{load.Summary.Refused:N0}"),
        ("makespan, s", static load => $"{load.Summary.Makespan.TotalSeconds:N2}"),
        .. Latencies("time to first token, ms", static summary => summary.TimeToFirstToken),
        ("  of it spent in the queue", static load => $"{load.Summary.QueueingShare:P1}"),
        .. Latencies("time per output token, ms", static summary => summary.TimePerOutputToken),
        .. Latencies("latency, ms", static summary => summary.Latency),
        ("objectives missed, requests", static load => $"{load.Summary.Violations:N0}"),
        ("throughput, requests/s", static load => $"{load.Summary.Throughput:N3}"),
        ("goodput, requests/s", static load => $"{load.Summary.Goodput:N3}"),
        ("throughput, output tokens/s", static load => $"{load.Summary.TokenThroughput:N1}"),
        ("steps", static load => $"{load.Result.Steps.Count:N0}"),
        ("preemptions", static load => $"{load.Summary.Preemptions:N0}"),
        ("tokens recomputed", static load => $"{load.Summary.RecomputedTokens:N0}"),
        ("tokens found in the cache", static load => $"{load.Summary.HitTokens:N0}"),
        ("most blocks in use", static load => $"{load.Summary.PeakBlocks:N0}"),
        ("blocks", static load => $"{load.Result.TotalBlocks:N0}"),
    ];

    public static Table Create(IReadOnlyList<ServedLoad> loads)
    {
        Table table = new Table().AddColumn("served");
        foreach (ServedLoad load in loads)
        {
            table.AddColumn(new TableColumn(load.Name.EscapeMarkup()).RightAligned());
        }

        foreach ((string name, Func<ServedLoad, string> text) in Rows)
        {
            table.AddRow([name, .. loads.Select(text)]);
        }

        return table;
    }

    private static IEnumerable<(string Name, Func<ServedLoad, string> Text)> Latencies(
        string name, Func<ServiceSummary, LatencyDistribution> distribution) =>
    [
        ($"{name}: mean", load => Milliseconds(distribution(load.Summary).Mean)),
        ("  p50", load => Milliseconds(distribution(load.Summary).P50)),
        ("  p90", load => Milliseconds(distribution(load.Summary).P90)),
        ("  p99", load => Milliseconds(distribution(load.Summary).P99)),
    ];

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:N1}";
}
