using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Replay.Demonstration;

/// <summary>Draws the hit rate over the capacity, with the unbounded cache's as the line that none can pass.</summary>
internal static class HitRatePlot
{
    private const double Width = 800;
    private const double Height = 500;
    private const double TitleDistance = 12;
    private const double LabelsBelow = -18;

    public static void WriteSvg(IReadOnlyList<DemonstrationResult> results, DemonstrationOptions options, Stream stream)
    {
        PlotModel model = new()
        {
            Title = $"Prefix cache hit rate: {options.Turns:N0} turns of {options.Sessions} sessions, LRU, seed {options.Seed}",
            TitleFontSize = 14,
            Background = OxyColors.White,
            DefaultFont = "Arial",
            TitlePadding = 12,
        };
        DemonstrationResult[] bounded = [.. results.Where(result => !result.IsUnbounded)];
        model.Axes.Add(new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Base = 2,
            Title = $"Capacity (blocks of {options.BlockTokens} tokens)",
            AxisTitleDistance = TitleDistance,
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
            AxisTitleDistance = TitleDistance,
            Minimum = 0,
            Maximum = 100,
            MajorGridlineStyle = LineStyle.Dot,
        });
        model.Legends.Add(new Legend
        {
            LegendPosition = LegendPosition.BottomRight,
            LegendBorder = OxyColors.Gray,
            LegendLineSpacing = 8,
            LegendSymbolMargin = 8,
            LegendFontSize = 11,

            // The entries are cut at the legend's border, and are measured too narrow for it.
            LegendPadding = 24,
        });
        model.Series.Add(Bounded(bounded));
        model.Series.Add(Unbounded(results[^1], bounded));
        model.Annotations.Add(new TextAnnotation
        {
            Text = $"{results[^1].HitRate * 100:0.0}",
            TextPosition = new DataPoint(bounded[0].Capacity, (results[^1].HitRate * 100) + 1),
            StrokeThickness = 0,
        });
        new SvgExporter { Width = Width, Height = Height, IsDocument = true, UseVerticalTextAlignmentWorkaround = true }
            .Export(model, stream);
    }

    private static LineSeries Bounded(DemonstrationResult[] results)
    {
        LineSeries series = new()
        {
            Title = "bounded",
            Color = OxyColors.SteelBlue,
            MarkerType = MarkerType.Circle,
            MarkerSize = 4,
            LabelFormatString = "{1:0.0}",
            LabelMargin = LabelsBelow,
        };
        series.Points.AddRange(results.Select(result => new DataPoint(result.Capacity, result.HitRate * 100)));
        return series;
    }

    private static LineSeries Unbounded(DemonstrationResult result, DemonstrationResult[] bounded)
    {
        LineSeries series = new()
        {
            Title = "unbounded",
            Color = OxyColors.Firebrick,
            LineStyle = LineStyle.Dash,
        };
        series.Points.Add(new DataPoint(bounded[0].Capacity / 1.2, result.HitRate * 100));
        series.Points.Add(new DataPoint(bounded[^1].Capacity * 1.2, result.HitRate * 100));
        return series;
    }
}
