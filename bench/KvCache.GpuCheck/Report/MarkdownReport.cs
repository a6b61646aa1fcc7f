using System.Globalization;

namespace KvCache.GpuCheck.Report;

/// <summary>The report for people.</summary>
internal static class MarkdownReport
{
    public static void Write(CheckReport report, TextWriter writer)
    {
        writer.WriteLine($"# GPU check: {report.Device}");
        foreach (CheckTable table in report.Tables)
        {
            Write(table, writer);
        }

        writer.WriteLine();
        writer.WriteLine("## Result");
        writer.WriteLine();
        writer.WriteLine(report.Failures.Count == 0 ? "Everything was correct." : $"{report.Failures.Count} wrong:");
        foreach (string failure in report.Failures)
        {
            writer.WriteLine($"* {failure}");
        }

        foreach (string skipped in report.Skipped)
        {
            writer.WriteLine($"* Skipped: {skipped}");
        }
    }

    public static void Write(CheckTable table, TextWriter writer)
    {
        writer.WriteLine();
        writer.WriteLine($"## {table.Title}");
        writer.WriteLine();
        writer.WriteLine($"| {string.Join(" | ", table.Columns)} |");
        writer.WriteLine($"|{string.Concat(table.Columns.Select((_, column) => IsNumeric(table, column) ? "---:|" : "---|"))}");
        foreach (object[] row in table.Rows)
        {
            writer.WriteLine($"| {string.Join(" | ", row.Select(Text))} |");
        }

        if (table.Note is not null)
        {
            writer.WriteLine();
            writer.WriteLine(table.Note);
        }
    }

    private static bool IsNumeric(CheckTable table, int column) => table.Rows.Count > 0 && table.Rows.All(row => row[column] is not string);

    /// <summary>Four figures are more than a measurement has.</summary>
    private static string Text(object cell) => cell switch
    {
        double number when double.IsNaN(number) => "",
        double number when Math.Abs(number) is >= 1000 or 0 => number.ToString("F0", CultureInfo.InvariantCulture),
        double number when Math.Abs(number) < 0.01 => number.ToString("0.##e-0", CultureInfo.InvariantCulture),
        double number => number.ToString("G4", CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };
}
