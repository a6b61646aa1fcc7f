using System.Security;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;

namespace Replay.Output;

/// <summary>How all plots look, and how they become one document.</summary>
internal static class Plots
{
    public const double TitleDistance = 12;
    private const int Width = 960;
    private const int Height = 420;

    private static readonly OxyColor[] Colors =
        [OxyColors.SteelBlue, OxyColors.Firebrick, OxyColors.SeaGreen, OxyColors.DarkOrange, OxyColors.MediumPurple, OxyColors.DimGray];

    /// <summary>The colour of a line by its number.</summary>
    public static OxyColor Color(int line) => Colors[line % Colors.Length];

    /// <summary>Gets after how many lines colours come again.</summary>
    public static int ColorCount => Colors.Length;

    /// <summary>Writes plots, one below the other.</summary>
    /// <param name="plots">The plots.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="description">What is read out to who cannot see them, or null.</param>
    public static void WriteSvg(IReadOnlyList<PlotModel> plots, TextWriter writer, string? description = null)
    {
        writer.WriteLine($"""<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="{Width}" height="{plots.Count * Height}" role="img">""");
        if (description is not null)
        {
            writer.WriteLine($"<title>{SecurityElement.Escape(description)}</title>");
        }

        for (int i = 0; i < plots.Count; i++)
        {
            writer.WriteLine(Svg(plots[i], i * Height));
        }

        writer.WriteLine("</svg>");
    }

    /// <summary>A plot with two axes that begin at 0, and a legend.</summary>
    public static PlotModel Model(string title, string bottom, string left)
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
}
