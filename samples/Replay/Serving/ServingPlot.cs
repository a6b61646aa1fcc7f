using System.Text;
using KvCache.Serving.Simulation;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Replay.Serving;

/// <summary>Draws two plots, one below the other: how time to first token is distributed, and memory in use over time.</summary>
internal static class ServingPlot
{
    private const int Width = 960;
    private const int Height = 420;
    private const double TitleDistance = 12;

    /// <summary>A line of more points is thinned: no screen shows them.</summary>
    private const int MostPoints = 2_000;

    private static readonly OxyColor[] Colors =
        [OxyColors.SteelBlue, OxyColors.Firebrick, OxyColors.SeaGreen, OxyColors.DarkOrange, OxyColors.MediumPurple, OxyColors.DimGray];

    public static void WriteSvg(IReadOnlyList<ServedLoad> loads, string title, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine($"""<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{Width}" height="{2 * Height}">""");
        writer.WriteLine(Svg(FirstTokens(loads, title), top: 0));
        writer.WriteLine(Svg(Memory(loads), top: Height));
        writer.WriteLine("</svg>");
    }

    /// <summary>One plot as an element of the document: without a declaration of its own, and with names of its own.</summary>
    private static string Svg(PlotModel model, int top)
    {
        SvgExporter exporter = new() { Width = Width, Height = Height, IsDocument = false, UseVerticalTextAlignmentWorkaround = true };
        string svg = exporter.ExportToString(model);
        return svg[svg.IndexOf("<svg ", StringComparison.Ordinal)..]
            .Replace("<svg ", $"<svg y=\"{top}\" ", StringComparison.Ordinal)
            .Replace("id=\"clipPath", $"id=\"clip{top}-", StringComparison.Ordinal)
            .Replace("url(#clipPath", $"url(#clip{top}-", StringComparison.Ordinal);
    }

    private static PlotModel FirstTokens(IReadOnlyList<ServedLoad> loads, string title)
    {
        PlotModel model = Model(title, "Time to first token (s)", "Requests (%)");
        double shortest = Times(loads).DefaultIfEmpty(0.1).Min();
        double longest = Times(loads).DefaultIfEmpty(1).Max();
        model.Axes[0] = new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Title = model.Axes[0].Title,
            AxisTitleDistance = TitleDistance,
            Minimum = shortest / 1.1,
            Maximum = longest * 1.1,
            MajorGridlineStyle = LineStyle.Dot,
        };
        model.Axes[1].Maximum = 100;
        Add(model, loads, static load =>
        {
            double[] times = [.. Times([load]).Order()];
            return [.. times.Select((time, i) => new DataPoint(time, 100.0 * (i + 1) / times.Length))];
        });
        return model;
    }

    private static PlotModel Memory(IReadOnlyList<ServedLoad> loads)
    {
        PlotModel model = Model("Memory in use", "Time (s)", "Blocks owned by requests (%)");
        model.Axes[1].Maximum = 105;
        Add(model, loads, static load =>
        [
            .. load.Result.Steps.Select(step =>
                new DataPoint(step.End.TotalSeconds, 100.0 * (load.Result.TotalBlocks - step.AvailableBlocks) / load.Result.TotalBlocks)),
        ]);
        return model;
    }

    private static IEnumerable<double> Times(IEnumerable<ServedLoad> loads) => loads
        .SelectMany(static load => load.Result.Requests)
        .Where(static request => request.IsServed)
        .Select(static request => Math.Max(1e-6, request.TimeToFirstToken.TotalSeconds));

    private static void Add(PlotModel model, IReadOnlyList<ServedLoad> loads, Func<ServedLoad, DataPoint[]> points)
    {
        for (int i = 0; i < loads.Count; i++)
        {
            LineSeries series = new() { Title = loads[i].Name, Color = Colors[i % Colors.Length], StrokeThickness = 1.5 };
            series.Points.AddRange(Thin(points(loads[i])));
            model.Series.Add(series);
        }
    }

    private static IEnumerable<DataPoint> Thin(DataPoint[] points)
    {
        int step = Math.Max(1, points.Length / MostPoints);
        return points.Where((_, i) => i % step == 0 || i == points.Length - 1);
    }

    private static PlotModel Model(string title, string bottom, string left)
    {
        PlotModel model = new()
        {
            Title = title,
            TitleFontSize = 14,
            Background = OxyColors.White,
            DefaultFont = "Arial",
            TitlePadding = 12,
        };
        foreach ((AxisPosition position, string name) in (ReadOnlySpan<(AxisPosition, string)>)[(AxisPosition.Bottom, bottom), (AxisPosition.Left, left)])
        {
            model.Axes.Add(new LinearAxis
            {
                Position = position,
                Title = name,
                AxisTitleDistance = TitleDistance,
                Minimum = 0,
                MajorGridlineStyle = LineStyle.Dot,
            });
        }

        model.Legends.Add(new Legend
        {
            LegendPlacement = LegendPlacement.Outside,
            LegendPosition = LegendPosition.RightTop,
            LegendLineSpacing = 8,
            LegendSymbolMargin = 8,
            LegendFontSize = 11,

            // The entries are cut at the legend's border, and are measured too narrow for it.
            LegendPadding = 40,
        });
        return model;
    }
}
