using System.Globalization;
using KvCache.Serving.CostModels;

namespace Replay.CommandLine;

/// <summary>Reads <c>--cost</c>.</summary>
internal static class CostOption
{
    public const string Roofline = "roofline";
    private const string Linear = "linear:";
    private const string Table = "table:";

    /// <exception cref="ReplayException">The text is no cost model, or one that needs a device without there being one.</exception>
    public static ICostModel ToModel(string text, TransformerModel model, AcceleratorDevice? device, int tensorParallel)
    {
        if (text == Roofline)
        {
            return new RooflineCostModel(
                model, device ?? throw new ReplayException("--cost roofline: expected a --device, found none."), null, tensorParallel);
        }

        if (text.StartsWith(Linear, StringComparison.Ordinal) && Numbers(text[Linear.Length..]) is [long start, long prefill, long decode])
        {
            return new LinearCostModel(start, prefill, decode);
        }

        return text.StartsWith(Table, StringComparison.Ordinal) && text.Length > Table.Length
            ? TableCostModel.Load(text[Table.Length..], model.Layers)
            : throw new ReplayException(
                $"--cost takes linear:BASE,PREFILL,DECODE (whole microseconds), table:DIR or roofline, not '{text}'.");
    }

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
