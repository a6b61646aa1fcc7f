using KvCache.Virtual;
using Spectre.Console;

namespace Replay.Footprints;

/// <summary>Footprints as tables.</summary>
internal static class FootprintTable
{
    private const double BytesPerGib = 1L << 30;
    private const double BytesPerMib = 1L << 20;

    /// <summary>How tokens fall into chunks.</summary>
    public static Table Chunks(FootprintOptions options)
    {
        ChunkPlan plan = options.Chunks;
        Table table = new Table().AddColumn("virtual tensors").AddColumn(new TableColumn("").RightAligned());
        table.AddRow("chunk, KiB", $"{plan.ChunkBytes >> 10:N0}");
        table.AddRow("tokens of a chunk", $"{plan.ChunkTokens:N0}");
        table.AddRow("tokens that are mapped together", $"{plan.GroupTokens:N0}");
        table.AddRow("least memory of a sequence, MiB", $"{plan.FootprintBytes(1) / BytesPerMib:N0}");
        table.AddRow("memory of a token, KiB", $"{options.Geometry.BytesPerToken / 1024.0:N1}");
        return table;
    }

    /// <summary>A row for each batch, a column for each manager: free memory, and how many run where not all do.</summary>
    public static Table Free(IReadOnlyList<Footprint> footprints)
    {
        string[] managers = [.. footprints.Select(static footprint => footprint.Manager).Distinct()];
        Table table = new Table().AddColumn(new TableColumn("sequences").RightAligned());
        foreach (string manager in managers)
        {
            table.AddColumn(new TableColumn($"{manager}: free, GiB".EscapeMarkup()).RightAligned());
            table.AddColumn(new TableColumn("used, GiB").RightAligned());
        }

        foreach (IGrouping<int, Footprint> batch in footprints.GroupBy(static footprint => footprint.Batch))
        {
            table.AddRow([$"{batch.Key:N0}", .. batch.SelectMany(static footprint => (string[])[Text(footprint, footprint.FreeBytes), Text(footprint, footprint.UsedBytes)])]);
        }

        table.AddRow(["mean", .. managers.SelectMany(manager =>
        {
            Footprint[] fitting = [.. footprints.Where(footprint => footprint.Manager == manager && footprint.Fits)];
            return fitting.Length == 0
                ? (string[])["", ""]
                : [$"{fitting.Average(static footprint => footprint.FreeBytes) / BytesPerGib:N2}", $"{fitting.Average(static footprint => footprint.UsedBytes) / BytesPerGib:N2}"];
        })]);
        return table;
    }

    private static string Text(Footprint footprint, long bytes) =>
        footprint.Open == 0 ? "too large" : footprint.Fits ? $"{bytes / BytesPerGib:N2}" : $"{bytes / BytesPerGib:N2} ({footprint.Open:N0} fit)";
}
