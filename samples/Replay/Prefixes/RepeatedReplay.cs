using KvCache;
using Replay.Manager;

namespace Replay.Prefixes;

/// <summary>Replays a trace several times on one allocator, cleared in between: the hits are the same, the time is the median.</summary>
/// <remarks>
/// The first run pays for memory that the system backs when it is first touched, which can cost several times what the
/// manager itself does; a server pays it once. All runs are listed, and the median stands for them.
/// </remarks>
internal static class RepeatedReplay
{
    /// <exception cref="ReplayException">Two runs found different hits.</exception>
    public static PrefixSummary Run(PrefixOptions options, RequestsCsv? requests, Action<double> report)
    {
        using AllocatorMetrics metrics = new();
        using IKvAllocator allocator = Managers.Create(options.Manager, ToCache(options, metrics));
        List<double> times = [];
        int runs = options.Runs;
        PrefixSummary? first = null;
        while (times.Count < runs)
        {
            int run = times.Count;
            PrefixSummary summary = PrefixReplay.Run(
                options, allocator, metrics, first is null ? requests : null, done => report((run + done) / runs), out bool repeatable);
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

    private static CacheOptions ToCache(PrefixOptions options, AllocatorMetrics metrics)
    {
        // The smallest geometry: what is found in the cache does not depend on it. Groups of so many blocks come from chunks that divide their bytes.
        KvGeometry geometry = KvGeometry.Create(layers: 1, kvHeads: 1, headDim: 8);
        long groupBytes = geometry.GroupOf(0).KeyBytesPerToken * options.BlockTokens * options.GroupBlocks;
        return new CacheOptions
        {
            Geometry = geometry,
            BlockTokens = options.BlockTokens,
            Blocks = options.Capacity,
            ChunkBytes = groupBytes & -groupBytes,
            MaxSequences = 1,
            Deduplicate = options.Deduplicate,
            Eviction = EvictionPolicies.Find(options.Policy),
            Meters = metrics,
        };
    }

    private static double Median(List<double> times)
    {
        double[] sorted = [.. times.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
