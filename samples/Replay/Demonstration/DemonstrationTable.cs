using Spectre.Console;

namespace Replay.Demonstration;

/// <summary>The demonstration's results as a table: one row for each capacity.</summary>
internal static class DemonstrationTable
{
    public static Table Create(IReadOnlyList<DemonstrationResult> results)
    {
        Table table = new();
        string[] headings = ["capacity\nblocks", "hit rate", "evictions\nblocks", "copies\non write", "refusals\nretried", "waste", "manager\nns/block"];
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (DemonstrationResult result in results)
        {
            table.AddRow(
                result.IsUnbounded ? "unbounded" : $"{result.Capacity:N0}",
                $"{result.HitRate:P2}",
                $"{result.Evictions:N0}",
                $"{result.CopyOnWriteCopies:N0}",
                $"{result.Refusals:N0}",
                $"{result.Waste:P2}",
                $"{result.NanosecondsPerBlock:N0}");
        }

        return table;
    }
}
