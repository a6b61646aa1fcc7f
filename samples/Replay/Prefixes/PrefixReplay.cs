using KvCache;
using KvCache.Serving.Traces;
using Replay.Manager;

namespace Replay.Prefixes;

/// <summary>Replays a trace's prompts one by one: how much of each is found in the cache that the earlier ones left.</summary>
internal static class PrefixReplay
{
    private const int RequestsPerReport = 64;

    /// <summary>Replays a trace through an allocator whose cache is empty, and leaves it empty.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="allocator">The manager.</param>
    /// <param name="metrics">What it publishes.</param>
    /// <param name="requests">Takes every request's hits, or null.</param>
    /// <param name="report">Takes the share that is done, 0 … 1, now and then.</param>
    /// <param name="repeatable">Whether the trace can be read again: a file can, a pipe cannot.</param>
    public static PrefixSummary Run(
        PrefixOptions options,
        IKvAllocator allocator,
        AllocatorMetrics metrics,
        RequestsCsv? requests,
        Action<double> report,
        out bool repeatable)
    {
        using TraceReader trace = TraceReader.Open(options.Trace, options.TraceBlockTokens);
        repeatable = trace.CanRepeat;
        long evictedBefore = metrics.Evictions;
        long deduplicatedBefore = metrics.Deduplications;
        PrefixCache cache = new(allocator);
        int[] prompt = [];
        long count = 0;
        long inputTokens = 0;
        long hitTokens = 0;
        while (trace.TryRead(out TraceRequest? request))
        {
            prompt = prompt.Length < request.PromptTokens ? new int[request.PromptTokens] : prompt;
            Span<int> tokens = prompt.AsSpan(0, request.PromptTokens);
            request.Text.Read(0, tokens);
            int hit = cache.Replay(tokens);
            requests?.Add(count, hit);
            inputTokens += request.PromptTokens;
            hitTokens += hit;
            if (++count % RequestsPerReport == 0)
            {
                report(trace.Progress);
            }
        }

        cache.Clear();
        return new PrefixSummary(
            count,
            cache.Refused,
            inputTokens,
            hitTokens,
            inputTokens > 0 ? (double)hitTokens / inputTokens : 0,
            metrics.Evictions - evictedBefore,
            metrics.Deduplications - deduplicatedBefore,
            trace.DistinctBlocks,
            cache.ManagerMilliseconds,
            [cache.ManagerMilliseconds],
            options.BlockTokens,
            options.TraceBlockTokens,
            options.Capacity,
            options.Policy,
            options.Deduplicate && Managers.CanDeduplicate(options.Manager),
            options.Manager);
    }
}
