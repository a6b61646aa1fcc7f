using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Replay.Demonstration;

/// <summary>Draws the hit rate over the capacity, with the unbounded cache's as the line that none can pass.</summary>
internal static class HitRatePlot
{
    private const double Width = 800;
    private const double Height = 500;

    public static void WriteSvg(IReadOnlyList<DemonstrationResult> results, DemonstrationOptions options, Stream stream)
    {
        PlotModel model = new()
        {
            Title = "Prefix cache: hit rate over capacity",
            Subtitle = $"{options.Turns:N0} turns of {options.Sessions} sessions, blocks of {options.BlockTokens} tokens, LRU, seed {options.Seed}",
            Background = OxyColors.White,
        };
        DemonstrationResult[] bounded = [.. results.Where(result => !result.IsUnbounded)];
        model.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Base = 2,
            Title = "Capacity (blocks)",
            Minimum = bounded[0].Capacity / 1.2,
            Maximum = bounded[^1].Capacity * 1.2,
            MinorTickSize = 0,
            MajorGridlineStyle = LineStyle.Dot,
            LabelFormatter = static capacity => $"{capacity:N0}",
        });
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Left,
            Title = "Hit rate (% of prompt tokens)",
            Minimum = 0,
            Maximum = 100,
            MajorGridlineStyle = LineStyle.Dot,
        });
        model.Legends.Add(new Legend { LegendPosition = LegendPosition.BottomRight, LegendBorder = OxyColors.Gray });
        model.Series.Add(Bounded(bounded));
        model.Series.Add(Unbounded(results[^1], bounded));
        new SvgExporter { Width = Width, Height = Height }.Export(model, stream);
    }

    private static LineSeries Bounded(DemonstrationResult[] results)
    {
        LineSeries series = new()
        {
            Title = "bounded capacity",
            Color = OxyColors.SteelBlue,
            MarkerType = MarkerType.Circle,
            MarkerSize = 4,
            LabelFormatString = "{1:0.0}",
        };
        series.Points.AddRange(results.Select(result => new DataPoint(result.Capacity, result.HitRate * 100)));
        return series;
    }

    private static LineSeries Unbounded(DemonstrationResult result, DemonstrationResult[] bounded)
    {
        LineSeries series = new()
        {
            Title = $"unbounded capacity: {result.HitRate * 100:0.0} %",
            Color = OxyColors.Firebrick,
            LineStyle = LineStyle.Dash,
        };
        series.Points.Add(new DataPoint(bounded[0].Capacity / 1.2, result.HitRate * 100));
        series.Points.Add(new DataPoint(bounded[^1].Capacity * 1.2, result.HitRate * 100));
        return series;
    }
}
