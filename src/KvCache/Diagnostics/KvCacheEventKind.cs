namespace KvCache.Diagnostics;

/// <summary>What happened to a cached prefix.</summary>
public enum KvCacheEventKind
{
    /// <summary>A block's content can be found from now on. Reported for the first copy only.</summary>
    Stored,

    /// <summary>A block's content cannot be found any more. Reported when the last copy goes.</summary>
    Removed,

    /// <summary>Nothing can be found any more.</summary>
    Cleared,

    /// <summary>
    /// Events were lost because the reader was too slow: forget everything, and ask the allocator's owner for
    /// <see cref="Paged.PagedKvAllocator.ListStored"/>.
    /// </summary>
    Resynchronize,
}
