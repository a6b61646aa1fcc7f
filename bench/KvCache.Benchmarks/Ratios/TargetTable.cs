namespace KvCache.Benchmarks.Ratios;

/// <summary>Which claims the tables bear out, as a Markdown table.</summary>
internal static class TargetTable
{
    public static void Write(TextWriter output, IEnumerable<RatioTable> tables, Func<RatioTable, IEnumerable<Target>> targets)
    {
        output.WriteLine("## Targets\n\nThe ratio is the smaller one of both; threads and shapes as above.\n");
        output.WriteLine("| | claim | times | at least | |");
        output.WriteLine("|---|---|---:|---:|---|");
        foreach (RatioTable table in tables)
        {
            foreach (Target target in targets(table))
            {
                if (target.Reached(table) is double reached)
                {
                    output.WriteLine(FormattableString.Invariant(
                        $"| {table.Title} | {target.Claim} | {reached:F2} | {target.Least:F2} | {(reached >= target.Least ? "yes" : "**no**")} |"));
                }
            }
        }
    }
}
