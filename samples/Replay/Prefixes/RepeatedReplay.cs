namespace Replay.Prefixes;

/// <summary>Replays a trace several times on fresh caches: the hits are the same every time, the time is the median.</summary>
/// <remarks>
/// The first run of a process pays for memory that the machine has not backed yet, which can cost more than the manager
/// itself; so all runs are listed, and the median stands for them.
/// </remarks>
internal static class RepeatedReplay
{
    /// <exception cref="ReplayException">Two runs found different hits.</exception>
    public static PrefixSummary Run(PrefixOptions options, RequestsCsv? requests, Action<double> report)
    {
        List<double> times = [];
        int runs = options.Runs;
        PrefixSummary? first = null;
        while (times.Count < runs)
        {
            int run = times.Count;
            PrefixSummary summary = PrefixReplay.Run(
                options, first is null ? requests : null, done => report((run + done) / runs), out bool repeatable);
            first ??= summary;
            if (summary.HitTokens != first.HitTokens || summary.Requests != first.Requests)
            {
                throw new ReplayException($"'{options.Trace}': expected a trace that stays as it is, found other requests in run {run + 1}.");
            }

            times.Add(summary.ManagerMilliseconds);
            runs = repeatable ? runs : 1;
        }

        return first! with { ManagerMilliseconds = Median(times), ManagerMillisecondsOfRuns = times };
    }

    private static double Median(List<double> times)
    {
        double[] sorted = [.. times.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
