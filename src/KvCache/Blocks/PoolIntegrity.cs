namespace KvCache.Blocks;

/// <summary>Proves that a pool's reference counts, states and counters follow from who says that he owns what.</summary>
internal sealed class PoolIntegrity(BlockPool pool, RetiredBlocks retired, Action<string> report)
{
    private readonly int[] _owners = new int[pool.HighWater];

    /// <summary>Counts an owner's blocks.</summary>
    public void AddOwner(string name, ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            Count(_owners, block, name);
        }
    }

    /// <summary>Compares, when all owners have been counted.</summary>
    public void Check()
    {
        CheckOwners();
        CheckStates();
    }

    private void CheckOwners()
    {
        int[] pending = new int[pool.HighWater];
        foreach (int block in retired.Blocks)
        {
            Count(pending, block, "The retired list");
        }

        Expect(
            retired.SegmentBlocks == retired.Count,
            $"{retired.Count} blocks are retired; their steps speak for {retired.SegmentBlocks}.");
        for (int block = 0; block < _owners.Length; block++)
        {
            BlockPool.Entry entry = pool.Entries[block];
            Expect(
                entry.References == _owners[block],
                $"Block {block} has {_owners[block]} owners; its reference count is {entry.References}.");
            Expect(
                entry.Pending == pending[block],
                $"Block {block} is retired {pending[block]} times; its entry says {entry.Pending}.");
        }
    }

    private void CheckStates()
    {
        pool.Idle.CheckIntegrity(report);
        int[] idle = pool.Idle.ToArray();
        HashSet<int> outside = [.. idle];
        Expect(outside.Count == idle.Length && idle.Length == pool.Idle.Count, "The idle order lists a block twice.");
        foreach (int block in pool.Trimmed)
        {
            Expect(outside.Add(block), $"Block {block} is idle or trimmed twice.");
            Expect(!pool.IsPublished(block), $"Trimmed block {block} is published.");
        }

        Expect(outside.All(IsKnown), "A block that was never used is idle or trimmed.");
        (int owned, int cached, int inTransfer) = (0, 0, 0);
        for (int block = 0; block < pool.HighWater; block++)
        {
            BlockPool.Entry entry = pool.Entries[block];
            bool unowned = entry.References == 0 && entry.Pending == 0;
            Expect(unowned == outside.Contains(block), $"Block {block} has {entry.References} owners and {entry.Pending} pending, and is {(unowned ? "not " : string.Empty)}idle.");
            owned += entry.References > 0 ? 1 : 0;
            inTransfer += entry.References == 0 && entry.Pending > 0 ? 1 : 0;
            cached += unowned && entry.Published ? 1 : 0;
        }

        Expect(owned == pool.Owned, $"{owned} blocks are owned; the count says {pool.Owned}.");
        Expect(cached == pool.Cached, $"{cached} blocks are cached; the count says {pool.Cached}.");
        Expect(inTransfer == pool.InTransfer, $"{inTransfer} blocks are in transfer; the count says {pool.InTransfer}.");
        Expect(pool.HighWater <= pool.Capacity, $"{pool.HighWater} blocks were used; the pool has {pool.Capacity}.");
    }

    private void Count(int[] counts, int block, string owner)
    {
        if (IsKnown(block))
        {
            counts[block]++;
        }
        else
        {
            report($"{owner} lists block {block}, which was never handed out.");
        }
    }

    private bool IsKnown(int block) => (uint)block < (uint)pool.HighWater;

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            report(fault);
        }
    }
}
