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

    /// <summary>A row for each figure, a column for each manager.</summary>
    public static Table ToTable(IReadOnlyList<PrefixSummary> summaries)
    {
        Table table = new Table().AddColumn("prefix replay");
        foreach (PrefixSummary summary in summaries)
        {
            table.AddColumn(new TableColumn(summary.Allocator.EscapeMarkup()).RightAligned());
        }

        void Row(string name, Func<PrefixSummary, string> text) => table.AddRow([name, .. summaries.Select(text)]);
        Row("requests", static summary => $"{summary.Requests:N0}");
        Row("refused (longer than the pool)", static summary => $"{summary.Refused:N0}");
        Row("input tokens", static summary => $"{summary.InputTokens:N0}");
        Row("hit tokens", static summary => $"{summary.HitTokens:N0}");
        Row("hit rate", static summary => $"{summary.HitRate:P4}");
        Row("evicted blocks", static summary => $"{summary.Evictions:N0}");
        Row("deduplicated blocks", static summary => $"{summary.Deduplications:N0}");
        Row("distinct blocks in the trace", static summary => $"{summary.DistinctBlocks:N0}");
        Row("capacity, blocks", static summary => $"{summary.Capacity:N0}");
        Row("block, tokens", static summary => $"{summary.BlockTokens:N0}");
        Row("manager time, ms (median)", static summary => $"{summary.ManagerMilliseconds:N1}");
        Row("of every run, the first on fresh memory", static summary => string.Join("  ", summary.ManagerMillisecondsOfRuns.Select(static run => $"{run:N1}")));
        return table;
    }
}
