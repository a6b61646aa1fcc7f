using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Compares ways to compute attention, timed in turn: tables of medians and of ratios, for every shape and number of threads.</summary>
internal static class AttentionRatios
{
    public static int Run(RatioOptions options)
    {
        foreach (AttentionShape shape in AttentionShape.All.Where(shape => shape.ToString().Contains(options.Shapes, StringComparison.Ordinal)))
        {
            foreach (int threads in options.Threads)
            {
                using ContestantSet set = new(shape, threads, name => options.Contestants.Any(part => name.Contains(part, StringComparison.Ordinal)));
                RatioRounds rounds = new(options.Rounds, options.Turn);
                (double[][] seconds, double others) = rounds.Run(set.Contestants);
                new RatioTable(shape, threads, set.Contestants, seconds, others).Write(Console.Out, ContestantSet.Ours);
            }
        }

        return 0;
    }
}
