using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <summary>What stands behind the blocks of the books: where their pages are, how one is copied, and who hears of their owners.</summary>
internal abstract class BlockMemory : IDisposable
{
    public abstract PageLayout Layout { get; }

    /// <summary>Gets whether idle blocks' memory can be given back to the system.</summary>
    public abstract bool CanDecommit { get; }

    /// <summary>Copies the first tokens of one block to another, in every layer, and waits for it.</summary>
    /// <returns>Whether they have arrived; where not, the destination is spoiled.</returns>
    public abstract bool TryCopyBlock(int source, int destination, int tokens);

    /// <summary>Copies whole blocks to places of the host tier, and waits for it.</summary>
    /// <returns>Whether they have arrived.</returns>
    public abstract bool TrySave(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places);

    /// <summary>Copies whole blocks back from places of the host tier, and waits for it.</summary>
    /// <returns>Whether they have arrived; where not, the blocks are spoiled.</returns>
    public abstract bool TryLoad(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places);

    /// <summary>Gives the memory of a run of blocks back to the system.</summary>
    public abstract long Decommit(int first, int count);

    /// <summary>Hears of blocks that get a first owner: what they held is forgotten.</summary>
    public virtual void Taken(ReadOnlySpan<int> blocks)
    {
    }

    /// <summary>Hears of a sequence that was opened, forked or resumed.</summary>
    public virtual void Opened(PagedSequence sequence)
    {
    }

    /// <summary>Hears of a sequence that is disposed or suspended; it still has its blocks.</summary>
    public virtual void Closed(PagedSequence sequence)
    {
    }

    /// <summary>Hears of a sequence that gave blocks back and goes on.</summary>
    public virtual void Shrunk(PagedSequence sequence)
    {
    }

    /// <summary>Reports what is wrong with what it knows of the blocks.</summary>
    public virtual void CheckIntegrity(Action<string> report)
    {
    }

    public abstract void Dispose();
}
