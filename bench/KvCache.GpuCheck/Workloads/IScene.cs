namespace KvCache.GpuCheck.Workloads;

/// <summary>A cache with one sequence per row.</summary>
internal interface IScene : IDisposable
{
    /// <summary>Begins a step that computes so many tokens of each row.</summary>
    KvStep Begin(IReadOnlyList<int> counts);

    /// <summary>Calls back with the address and the length of all memory that holds keys, and of all that holds values.</summary>
    void ForEachRegion(Action<nint, long> region);

    /// <summary>Takes what the cache holds already for the keys and values of so many tokens of each row.</summary>
    sealed void Assume(IReadOnlyList<int> counts)
    {
        using KvStep step = Begin(counts);
        step.Complete();
    }
}
