using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Prefixes;

namespace KvCache.Paged;

/// <summary>Proves the books of a paged allocator from first principles: counts what the tables say and compares.</summary>
internal sealed class PagedIntegrity(PagedLedger ledger, PagedStep step, IReadOnlyList<PagedSequence> open)
{
    private readonly List<string> _faults = [];

    /// <exception cref="KvIntegrityException">Something is wrong.</exception>
    public void Check()
    {
        CheckSequences();
        CheckOwners();
        CheckStates();
        if (ledger.Index is { } index)
        {
            new PrefixIntegrity(index, ledger.Tokens, _faults.Add).Check(ledger.Pool, open.Count);
            CheckPublished(index);
        }

        CheckPageTable();
        if (_faults.Count > 0)
        {
            throw new KvIntegrityException(_faults);
        }
    }

    private void CheckSequences()
    {
        for (int i = 0; i < open.Count; i++)
        {
            PagedSequence sequence = open[i];
            string name = $"Sequence {sequence.Id}";
            Expect(!sequence.IsDisposed, $"{name} is disposed but listed as open.");
            Expect(sequence.OpenIndex == i, $"{name} stands at {i} of the open ones but says {sequence.OpenIndex}.");
            Expect(
                0 <= sequence.ComputedLength && sequence.ComputedLength <= sequence.Length && sequence.Length <= sequence.Capacity,
                $"{name} has cursors {sequence.ComputedLength} ≤ {sequence.Length} ≤ {sequence.Capacity} out of order.");
            Expect(
                sequence.Capacity == ledger.CapacityOf(sequence.Table.Count),
                $"{name} has {sequence.Table.Count} blocks but a capacity of {sequence.Capacity} tokens.");
            ReadOnlySpan<int> blocks = sequence.Table.Blocks;
            HashSet<int> distinct = [.. blocks];
            Expect(distinct.Count == blocks.Length, $"{name} lists a block twice.");
            CheckWritableBlocks(sequence, name);
        }
    }

    /// <summary>Positions that are known and not computed yet will be written: their blocks have one owner and are not published.</summary>
    private void CheckWritableBlocks(PagedSequence sequence, string name)
    {
        bool pending = sequence.Length > sequence.ComputedLength;
        int first = pending ? sequence.ComputedLength / ledger.BlockTokens : ledger.BlocksFor(sequence.Length);
        for (int i = first; i < sequence.Table.Count; i++)
        {
            int block = sequence.Table[i];
            Expect(
                IsKnown(block) && ledger.Pool.ReferenceCount(block) == 1 && !ledger.Pool.IsPublished(block),
                $"{name} will write to block {block}, which is shared or published.");
        }
    }

    private void CheckPublished(PrefixIndex index)
    {
        foreach (PagedSequence sequence in open)
        {
            Expect(
                sequence.Published == sequence.ComputedLength / ledger.BlockTokens,
                $"Sequence {sequence.Id} has computed {sequence.ComputedLength} tokens and published {sequence.Published} blocks.");
            int parent = sequence.Root!.Content;
            foreach (int block in sequence.Table.Blocks[..Math.Min(sequence.Published, sequence.Table.Count)])
            {
                Expect(
                    index.Contents.ParentOf(index.ContentOf(block)) == parent,
                    $"Block {block} of sequence {sequence.Id} is not published as what follows the block before it.");
                parent = index.ContentOf(block);
            }
        }
    }

    private void CheckOwners()
    {
        BlockPool pool = ledger.Pool;
        int[] owners = new int[pool.HighWater];
        int[] pending = new int[pool.HighWater];
        foreach (PagedSequence sequence in open)
        {
            foreach (int block in sequence.Table.Blocks)
            {
                Count(owners, block, $"Sequence {sequence.Id}");
            }
        }

        foreach (int block in ledger.Retired.Blocks)
        {
            Count(pending, block, "The retired list");
        }

        Expect(
            ledger.Retired.SegmentBlocks == ledger.Retired.Count,
            $"{ledger.Retired.Count} blocks are retired; their steps speak for {ledger.Retired.SegmentBlocks}.");
        for (int block = 0; block < owners.Length; block++)
        {
            BlockPool.Entry entry = pool.Entries[block];
            Expect(
                entry.References == owners[block],
                $"Block {block} has {owners[block]} owners; its reference count is {entry.References}.");
            Expect(
                entry.Pending == pending[block],
                $"Block {block} is retired {pending[block]} times; its entry says {entry.Pending}.");
        }
    }

    private void CheckStates()
    {
        BlockPool pool = ledger.Pool;
        pool.Idle.CheckIntegrity(_faults.Add);
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

    private void CheckPageTable()
    {
        for (int row = 0; row < step.Table.Rows.Length; row++)
        {
            (long id, int count) = step.Table.Rows[row];
            Span<int> entries = step.Table.WholeRow(row);
            Expect(!entries[count..].ContainsAnyExcept(-1), $"Row {row} of the page table has entries beyond its {count} pages.");
            if (open.FirstOrDefault(s => s.Id == id) is { } shown && shown.Table.ShownRow == row)
            {
                int same = Math.Min(count, shown.Table.FirstChanged);
                Expect(
                    entries[..same].SequenceEqual(shown.Table.Blocks[..same]),
                    $"Row {row} of the page table differs from the blocks of sequence {id}.");
            }
        }
    }

    private void Count(int[] owners, int block, string owner)
    {
        if (IsKnown(block))
        {
            owners[block]++;
        }
        else
        {
            _faults.Add($"{owner} lists block {block}, which was never handed out.");
        }
    }

    private bool IsKnown(int block) => (uint)block < (uint)ledger.Pool.HighWater;

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }
}
