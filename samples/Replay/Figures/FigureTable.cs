using Spectre.Console;

namespace Replay.Figures;

/// <summary>A figure's outcomes as a table: a row for each place on the axis, and for each line what it got there.</summary>
internal static class FigureTable
{
    public static Table Create(Figure figure, IReadOnlyList<Outcome> outcomes)
    {
        string[] lines = [.. outcomes.Select(outcome => figure.Line(outcome.Case)).Distinct()];
        Table table = new Table { Title = new TableTitle(figure.Title.EscapeMarkup()) }
            .AddColumn(new TableColumn(figure.Axis.EscapeMarkup()).RightAligned());
        foreach (string line in lines)
        {
            table.AddColumn(new TableColumn($"{line}: TTFT, s; missed; tokens/s".EscapeMarkup()).RightAligned());
        }

        foreach (IGrouping<double, Outcome> place in outcomes.GroupBy(outcome => figure.X(outcome.Case)))
        {
            table.AddRow([$"{place.Key:0.##}", .. place.Select(static outcome => $"{outcome.FirstToken:G3}; {outcome.Violations:P0}; {outcome.Throughput:N0}")]);
        }

        return table;
    }
}
