namespace KvCache.Blocks;

/// <summary>The order in which idle blocks are taken: which cached content is given up first.</summary>
/// <remarks>
/// <para>A block is <em>idle</em> when no sequence owns it. The pool adds blocks when they become idle, removes a block
/// when a prefix hit revives it, and takes blocks when memory is needed and no block is unused. One policy object
/// serves one pool, on its owner thread.</para>
/// <para>Block ids are dense: 0 … the largest ever added, so that plain arrays indexed by id serve well.</para>
/// </remarks>
public abstract class EvictionPolicy
{
    /// <summary>Gets the number of idle blocks.</summary>
    public abstract int Count { get; }

    /// <summary>Adds blocks that have just become idle, in the order in which they were given back.</summary>
    /// <param name="blocks">Blocks that are not idle. A sequence's tail comes before its head.</param>
    public abstract void Add(ReadOnlySpan<int> blocks);

    /// <summary>Removes one block, because a sequence owns it again.</summary>
    /// <param name="block">An idle block.</param>
    public abstract void Remove(int block);

    /// <summary>Takes the next victims out.</summary>
    /// <param name="blocks">Where to write them; not longer than <see cref="Count"/>.</param>
    public abstract void Take(Span<int> blocks);

    /// <summary>Copies the idle blocks out, next victim first, for integrity checks and diagnosis.</summary>
    /// <returns>The blocks.</returns>
    public abstract int[] ToArray();

    /// <summary>Proves that the policy's own structure holds together.</summary>
    /// <param name="report">Receives one sentence per fault.</param>
    public abstract void CheckIntegrity(Action<string> report);
}
