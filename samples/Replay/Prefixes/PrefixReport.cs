using System.Text.Json;
using Spectre.Console;

namespace Replay.Prefixes;

/// <summary>A prefix replay's summary, for people and for programs.</summary>
internal static class PrefixReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
    };

    public static void WriteJson(PrefixSummary summary, Stream stream)
    {
        JsonSerializer.Serialize(stream, summary, Json);
        stream.Write("\n"u8);
    }

    public static Table ToTable(PrefixSummary summary)
    {
        Table table = new Table().AddColumn("prefix replay").AddColumn(new TableColumn("").RightAligned());
        table.AddRow("requests", $"{summary.Requests:N0}");
        table.AddRow("refused (longer than the pool)", $"{summary.Refused:N0}");
        table.AddRow("input tokens", $"{summary.InputTokens:N0}");
        table.AddRow("hit tokens", $"{summary.HitTokens:N0}");
        table.AddRow("hit rate", $"{summary.HitRate:P4}");
        table.AddRow("evicted blocks", $"{summary.Evictions:N0}");
        table.AddRow("deduplicated blocks", $"{summary.Deduplications:N0}");
        table.AddRow("distinct blocks in the trace", $"{summary.DistinctBlocks:N0}");
        table.AddRow("capacity, blocks", $"{summary.Capacity:N0}");
        table.AddRow("block, tokens", $"{summary.BlockTokens:N0}");
        table.AddRow("manager time, ms (median)", $"{summary.ManagerMilliseconds:N1}");
        table.AddRow("of every run, the first on fresh memory", string.Join("  ", summary.ManagerMillisecondsOfRuns.Select(run => $"{run:N1}")));
        return table;
    }
}
