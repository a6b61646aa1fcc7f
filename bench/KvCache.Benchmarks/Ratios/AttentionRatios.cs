using BenchmarkDotNet.Environments;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;
using Microsoft.ML.OnnxRuntime;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Compares contestants, timed in turn: medians and ratios for every shape and number of threads.</summary>
internal static class AttentionRatios
{
    /// <exception cref="ArgumentException">Nothing is left to compare.</exception>
    public static void Run(Comparison comparison, RatioOptions options, TextWriter output)
    {
        output.WriteLine($"# {comparison.Title}\n\n```\n{string.Join('\n', HostEnvironmentInfo.GetCurrent().ToFormattedString())}");
        output.WriteLine($"ONNX Runtime {OrtEnv.Instance().GetVersionString()}\n```\n");
        List<RatioTable> tables = [];
        foreach (AttentionShape shape in comparison.Shapes.Where(options.Takes))
        {
            foreach (int threads in options.Threads)
            {
                using ContestantSet set = comparison.Create(shape, threads, options.Takes);
                if (set.Contestants.Count > 0)
                {
                    (double[][] seconds, double others) = new RatioRounds(options.Rounds, options.Turn, comparison.TouchesAll).Run(set.Contestants);
                    tables.Add(new RatioTable(shape, threads, set.Contestants, seconds, others));
                    tables[^1].Write(output, comparison.Reference);
                    WriteCaches(set, output);
                }
            }
        }

        if (tables.Count == 0)
        {
            throw new ArgumentException("No shape and contestant has a name with those texts in it.", nameof(options));
        }

        TargetTable.Write(output, tables, comparison.Targets);
    }

    private static void WriteCaches(ContestantSet set, TextWriter output) => output.WriteLine(FormattableString.Invariant(
        $"On huge pages: {string.Join("; ", set.Caches.Select(static cache => FormattableString.Invariant($"{cache.Place} {cache.HugeShare:P0}")))}.\n"));
}
