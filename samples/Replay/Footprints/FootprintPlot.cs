using System.Text;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;
using Replay.Output;

namespace Replay.Footprints;

/// <summary>Draws free memory over batch size, a line for each manager as far as its sequences fit.</summary>
internal static class FootprintPlot
{
    private const double BytesPerGib = 1L << 30;

    public static void WriteSvg(IReadOnlyList<Footprint> footprints, string title, long deviceBytes, Stream stream)
    {
        PlotModel model = Plots.Model(title, "Sequences", "Free memory (GiB)");
        model.Axes[0] = new LogarithmicAxis
        {
            Position = AxisPosition.Bottom,
            Title = model.Axes[0].Title,
            AxisTitleDistance = Plots.TitleDistance,
            Base = 2,
            MajorGridlineStyle = LineStyle.Dot,
        };
        model.Axes[1].Maximum = deviceBytes / BytesPerGib;
        IGrouping<string, Footprint>[] managers = [.. footprints.GroupBy(static footprint => footprint.Manager)];
        for (int i = 0; i < managers.Length; i++)
        {
            LineSeries line = new() { Title = managers[i].Key, Color = Plots.Color(i), StrokeThickness = 1.5, MarkerType = MarkerType.Circle, MarkerSize = 3 };
            line.Points.AddRange(managers[i]
                .Where(static footprint => footprint.Fits)
                .OrderBy(static footprint => footprint.Batch)
                .Select(static footprint => new DataPoint(footprint.Batch, footprint.FreeBytes / BytesPerGib)));
            model.Series.Add(line);
        }

        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        Plots.WriteSvg([model], writer);
    }
}
