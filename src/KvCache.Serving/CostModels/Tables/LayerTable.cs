using System.Text;
using KvCache.Serving.Text;

namespace KvCache.Serving.CostModels.Tables;

/// <summary>Measured times of named layers over one size: dense.csv over tokens, per_sequence.csv over sequences.</summary>
internal sealed class LayerTable
{
    /// <summary>The largest size that is believed: one array of this length is made for each table.</summary>
    private const int LargestSize = 1 << 24;
    private readonly Dictionary<string, TimeLine> _lines;

    private LayerTable(Dictionary<string, TimeLine> lines) => _lines = lines;

    /// <summary>Reads a table.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sizeName">The name of the size's column.</param>
    /// <param name="needed">Layers that must be there.</param>
    public static LayerTable Read(string path, string sizeName, params IEnumerable<string> needed) =>
        CsvFile.Read(path, "a table of measured times", csv => Read(csv, sizeName, needed));

    /// <summary>The given layers, so many times each.</summary>
    public TimeCurve Sum(params IEnumerable<(string Layer, int Factor)> layers) =>
        new(layers.Select(layer => (_lines[layer.Layer], layer.Factor)));

    /// <summary>All layers but some, once each, except where a factor is given.</summary>
    public TimeCurve SumExcept(IEnumerable<string> layers, IReadOnlyDictionary<string, int> factors) =>
        Sum(_lines.Keys.Except(layers).Select(layer => (layer, factors.GetValueOrDefault(layer, 1))));

    private static LayerTable Read(CsvReader csv, string sizeName, IEnumerable<string> needed)
    {
        Dictionary<string, SortedDictionary<int, double>> points = [];
        int layerColumn = csv.Column("layer");
        int sizeColumn = csv.Column(sizeName);
        int timeColumn = csv.Column("time_us");
        while (csv.TryRead())
        {
            string layer = Encoding.UTF8.GetString(csv.Field(layerColumn));
            int size = FieldNumbers.Count(csv.Field(sizeColumn), sizeName);
            if (size is 0 or > LargestSize)
            {
                throw new UnexpectedTextException($"from 1 to {LargestSize} {sizeName}, found {size}");
            }

            if (!points.TryGetValue(layer, out SortedDictionary<int, double>? line))
            {
                points[layer] = line = [];
            }

            if (!line.TryAdd(size, FieldNumbers.Microseconds(csv.Field(timeColumn), "time_us")))
            {
                throw new UnexpectedTextException($"layer {layer} at {size} {sizeName} once only");
            }
        }

        foreach (string layer in needed)
        {
            if (!points.ContainsKey(layer))
            {
                throw new UnexpectedTextException($"layer {layer}, found {(points.Count == 0 ? "none" : string.Join(", ", points.Keys))}");
            }
        }

        return new LayerTable(points.ToDictionary(static layer => layer.Key, static layer => new TimeLine(layer.Value)));
    }
}
