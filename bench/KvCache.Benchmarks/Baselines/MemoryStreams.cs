namespace KvCache.Benchmarks.Baselines;

/// <summary>How many places of a page are read at once: which is fastest depends on how pages lie and on the processor's prefetching.</summary>
internal enum MemoryStreams
{
    /// <summary>Keys beside values.</summary>
    Two,

    /// <summary>Both halves of the keys beside both halves of the values.</summary>
    Four,
}
