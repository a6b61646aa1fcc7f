namespace KvCache.Benchmarks.Workloads;

/// <summary>How the pages of a row lie in memory.</summary>
public enum PageOrder
{
    /// <summary>As a pool hands them out that has been in use for long: anywhere.</summary>
    Shuffled,

    /// <summary>As a new pool hands them out: one after the other.</summary>
    Contiguous,
}
