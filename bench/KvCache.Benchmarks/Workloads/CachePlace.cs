namespace KvCache.Benchmarks.Workloads;

/// <summary>Who manages a cache's memory, and what that memory is.</summary>
internal abstract record CachePlace
{
    /// <summary>Gets how the pages of a row lie; one page is in order.</summary>
    public virtual PageOrder Order => PageOrder.Contiguous;

    /// <summary>Makes a manager with room for a shape's rows, its memory in the state of one long in use.</summary>
    public abstract IKvAllocator Create(AttentionShape shape, KvGeometry geometry);
}
