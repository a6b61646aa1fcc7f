using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Replay.Output;

namespace Replay.Figures;

/// <summary>Draws a figure's panels, a line for each variant.</summary>
internal static class FigurePlot
{
    private const double Margin = 1.15;
    private static readonly MarkerType[] Markers = [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];
    private static readonly LineStyle[] Styles = [LineStyle.Solid, LineStyle.Dash];

    public static void WriteSvg(Figure figure, IReadOnlyList<Outcome> outcomes, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        Plots.WriteSvg([.. figure.Panels.Select((panel, i) => Model(figure, panel, i == 0 ? figure.Title : "", outcomes))], writer, figure.Title);
    }

    private static PlotModel Model(Figure figure, Panel panel, string title, IReadOnlyList<Outcome> outcomes)
    {
        PlotModel model = Plots.Model(title, figure.Axis, panel.Title);
        double[] places = [.. outcomes.Select(outcome => figure.X(outcome.Case))];
        model.Axes[0] = Logarithmic(AxisPosition.Bottom, figure.Axis, places, 2);
        if (panel.IsLogarithmic)
        {
            model.Axes[1] = Logarithmic(AxisPosition.Left, panel.Title, [.. outcomes.Select(panel.Value)], 10);
        }

        IGrouping<string, Outcome>[] lines = [.. outcomes.GroupBy(outcome => figure.Line(outcome.Case))];
        for (int i = 0; i < lines.Length; i++)
        {
            LineSeries line = new()
            {
                Title = lines[i].Key,
                Color = Plots.Color(i),
                LineStyle = Styles[i / Plots.ColorCount % Styles.Length],
                StrokeThickness = 1.5,
                MarkerType = Markers[i % Markers.Length],
                MarkerSize = 3,
            };
            line.Points.AddRange(lines[i].Select(outcome => new DataPoint(figure.X(outcome.Case), panel.Value(outcome))));
            model.Series.Add(line);
        }

        return model;
    }

    private static LogarithmicAxis Logarithmic(AxisPosition position, string title, double[] values, double logarithm) => new()
    {
        Position = position,
        Title = title,
        AxisTitleDistance = Plots.TitleDistance,
        Base = logarithm,
        Minimum = values.Min() / Margin,
        Maximum = values.Max() * Margin,
        MajorGridlineStyle = LineStyle.Dot,
    };
}
