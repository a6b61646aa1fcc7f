namespace KvCache.Diagnostics;

/// <summary>One change of what can be found in the cache.</summary>
/// <param name="SequenceNumber">Counts all events of a stream from 0, lost ones too; a gap means that some were lost.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Hash">The block's chained hash, by the allocator's <see cref="Prefixes.PrefixHash"/>.</param>
/// <param name="ParentHash">For a stored block, the hash of the block before it or of its namespace; otherwise 0.</param>
/// <param name="Tokens">Tokens in the block; 0 where no block is concerned.</param>
public readonly record struct KvCacheEvent(
    long SequenceNumber, KvCacheEventKind Kind, UInt128 Hash, UInt128 ParentHash, int Tokens);
