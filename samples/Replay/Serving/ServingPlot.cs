using System.Text;
using KvCache.Serving.Simulation;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Replay.Output;

namespace Replay.Serving;

/// <summary>Draws two plots, one below the other: how time to first token is distributed, and memory in use over time.</summary>
internal static class ServingPlot
{
    /// <summary>A line of more points is thinned: no screen shows them.</summary>
    private const int MostPoints = 2_000;

    public static void WriteSvg(IReadOnlyList<ServedLoad> loads, string title, Stream stream)
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        Plots.WriteSvg([FirstTokens(loads, title), Memory(loads)], writer);
    }

    private static PlotModel FirstTokens(IReadOnlyList<ServedLoad> loads, string title)
    {
        PlotModel model = Plots.Model(title, "Time to first token (s)", "Requests (%)");
        double shortest = Times(loads).DefaultIfEmpty(0.1).Min();
        double longest = Times(loads).DefaultIfEmpty(1).Max();
        model.Axes[0] = new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Title = model.Axes[0].Title,
            AxisTitleDistance = Plots.TitleDistance,
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
        PlotModel model = Plots.Model("Memory in use", "Time (s)", "Blocks owned by requests (%)");
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
            LineSeries series = new() { Title = loads[i].Name, Color = Plots.Color(i), StrokeThickness = 1.5 };
            series.Points.AddRange(Thin(points(loads[i])));
            model.Series.Add(series);
        }
    }

    private static IEnumerable<DataPoint> Thin(DataPoint[] points)
    {
        int step = Math.Max(1, points.Length / MostPoints);
        return points.Where((_, i) => i % step == 0 || i == points.Length - 1);
    }
}
