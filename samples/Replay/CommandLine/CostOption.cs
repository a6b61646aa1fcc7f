using System.Globalization;
using KvCache.Serving.CostModels;

namespace Replay.CommandLine;

/// <summary>Reads <c>--cost</c>.</summary>
internal static class CostOption
{
    public const string Roofline = "roofline";
    private const string Linear = "linear:";
    private const string Table = "table:";
    private const double LongestMicroseconds = 1e9;

    /// <exception cref="ReplayException">The text is no cost model, or one that needs a device without there being one.</exception>
    public static ICostModel ToModel(string text, TransformerModel model, AcceleratorDevice? device, int tensorParallel)
    {
        if (text == Roofline || text.StartsWith(Roofline + ":", StringComparison.Ordinal))
        {
            return new RooflineCostModel(
                model,
                device ?? throw new ReplayException("--cost roofline: expected a --device, found none."),
                Efficiencies(text[Roofline.Length..].TrimStart(':')),
                tensorParallel);
        }

        if (text.StartsWith(Linear, StringComparison.Ordinal) && Numbers(text[Linear.Length..]) is [long start, long prefill, long decode])
        {
            return new LinearCostModel(start, prefill, decode);
        }

        return text.StartsWith(Table, StringComparison.Ordinal) && text.Length > Table.Length
            ? TableCostModel.Load(text[Table.Length..], model.Layers)
            : throw new ReplayException(
                $"--cost takes linear:BASE,PREFILL,DECODE (whole microseconds), table:DIR or roofline[:NAME=VALUE,…], not '{text}'.");
    }

    /// <summary>The defaults, but for those that are named.</summary>
    private static RooflineEfficiencies Efficiencies(string text)
    {
        RooflineEfficiencies efficiencies = new();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=');
            if (pair.Length != 2 || !double.TryParse(pair[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || value > LongestMicroseconds)
            {
                throw Unknown(part);
            }

            efficiencies = pair[0] switch
            {
                "matrix-products" => efficiencies with { MatrixProducts = Share(value, part) },
                "prefill-attention" => efficiencies with { PrefillAttention = Share(value, part) },
                "memory" => efficiencies with { Memory = Share(value, part) },
                "link" => efficiencies with { Link = Share(value, part) },
                "layer-overhead" => efficiencies with { LayerOverhead = TimeSpan.FromMicroseconds(value) },
                "step-overhead" => efficiencies with { StepOverhead = TimeSpan.FromMicroseconds(value) },
                _ => throw Unknown(part),
            };
        }

        return efficiencies;
    }

    private static double Share(double value, string part) => value is > 0 and <= 1 ? value : throw Unknown(part);

    private static ReplayException Unknown(string part) => new(
        "--cost roofline takes matrix-products=, prefill-attention=, memory= and link= with shares above 0 and up to 1, and " +
        $"layer-overhead= and step-overhead= with microseconds, not '{part}'.");

    private static long[] Numbers(string text)
    {
        List<long> numbers = [];
        foreach (string part in text.Split(','))
        {
            // Half an hour for a token is slow enough, and sums of it do not overflow.
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                return [];
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }
}
