using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>What the rounds of one shape gave.</summary>
internal sealed class RatioTable(AttentionShape shape, int threads, IReadOnlyList<Contestant> contestants, double[][] seconds, double others)
{
    public AttentionShape Shape => shape;

    public string Title { get; } = $"{shape}, {threads} {(threads == 1 ? "thread" : "threads")}";

    public bool Has(string name) => contestants.Any(contestant => contestant.Name == name);

    /// <summary>The median of somebody's rounds, in seconds.</summary>
    public double MedianOf(string name) => Median(RoundsOf(name));

    /// <summary>How many times as long the one takes as the other: by their medians, and as the median of the rounds' own ratios.</summary>
    public (double OfMedians, double OfRounds) Ratio(string name, string reference) => (
        MedianOf(name) / MedianOf(reference),
        Median(RoundsOf(name).Zip(RoundsOf(reference), static (own, other) => own / other)));

    /// <summary>Writes it as Markdown, with how many times as long as the reference everybody takes.</summary>
    public void Write(TextWriter output, string reference)
    {
        reference = Has(reference) ? reference : contestants[0].Name;
        output.WriteLine(FormattableString.Invariant(
            $"## {Title}\n\n{seconds[0].Length} rounds; others used {others:P0} of the processors.\n"));
        output.WriteLine($"| | median ms | fastest | slowest | GB/s | GFLOP/s | × {reference} | median of rounds |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (Contestant contestant in contestants)
        {
            double[] rounds = RoundsOf(contestant.Name);
            double median = Median(rounds);
            (double ofMedians, double ofRounds) = Ratio(contestant.Name, reference);
            string speed = FormattableString.Invariant(
                $"{contestant.BytesPerCall / median / 1e9:F1} | {contestant.OperationsPerCall / median / 1e9:F1}");
            output.WriteLine(FormattableString.Invariant(
                $"| {contestant.Name} | {median * 1e3:F3} | {rounds.Min() * 1e3:F3} | {rounds.Max() * 1e3:F3} | {speed} | {ofMedians:F2} | {ofRounds:F2} |"));
        }

        output.WriteLine();
    }

    private double[] RoundsOf(string name)
    {
        int index = 0;
        while (contestants[index].Name != name)
        {
            index++;
        }

        return seconds[index];
    }

    private static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
