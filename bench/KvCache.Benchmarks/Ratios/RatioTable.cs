using System.Globalization;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>What the rounds of one shape gave, as a Markdown table.</summary>
internal sealed class RatioTable(AttentionShape shape, int threads, IReadOnlyList<Contestant> contestants, double[][] seconds, double others)
{
    public static double Median(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>How many times as long the one takes as the other: by medians, and the median of the rounds' own ratios.</summary>
    public (double OfMedians, double OfRounds)? Ratio(string name, string reference)
    {
        int i = IndexOf(name);
        int r = IndexOf(reference);
        return i < 0 || r < 0
            ? null
            : (Median(seconds[i]) / Median(seconds[r]), Median(seconds[i].Zip(seconds[r], static (own, other) => own / other)));
    }

    public void Write(TextWriter output, string reference)
    {
        reference = IndexOf(reference) < 0 ? contestants[0].Name : reference;
        output.WriteLine(FormattableString.Invariant(
            $"## {shape}, {threads} {(threads == 1 ? "thread" : "threads")} ({seconds[0].Length} rounds, others {others:P0})"));
        output.WriteLine();
        output.WriteLine($"| contestant | median ms | fastest | slowest | GB/s | GFLOP/s | × {reference} | median of rounds |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|");
        for (int i = 0; i < contestants.Count; i++)
        {
            double median = Median(seconds[i]);
            (double ofMedians, double ofRounds) = Ratio(contestants[i].Name, reference)!.Value;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {contestants[i].Name} | {median * 1e3:F3} | {seconds[i].Min() * 1e3:F3} | {seconds[i].Max() * 1e3:F3} | {contestants[i].BytesPerCall / median / 1e9:F1} | {contestants[i].OperationsPerCall / median / 1e9:F1} | {ofMedians:F2} | {ofRounds:F2} |"));
        }

        output.WriteLine();
    }

    private int IndexOf(string name)
    {
        for (int i = 0; i < contestants.Count; i++)
        {
            if (contestants[i].Name == name)
            {
                return i;
            }
        }

        return -1;
    }
}
