using KvCache.Blocks;
using KvCache.Diagnostics;
using KvCache.Prefixes;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <summary>Proves the books of a paged allocator from first principles: counts what the tables say and compares.</summary>
internal sealed class PagedIntegrity(
    PagedLedger ledger, PagedStep step, BlockMemory memory, HostStore? store, IReadOnlyList<PagedSequence> open)
{
    private readonly List<string> _faults = [];

    /// <exception cref="KvIntegrityException">Something is wrong.</exception>
    public void Check()
    {
        CheckSequences();
        PoolIntegrity pool = new(ledger.Pool, ledger.Retired, _faults.Add);
        foreach (PagedSequence sequence in open)
        {
            pool.AddOwner($"Sequence {sequence.Id}", sequence.Table.Blocks);
        }

        pool.Check();
        if (ledger.Index is { } index)
        {
            new PrefixIntegrity(index, ledger.Tokens, _faults.Add).Check(ledger.Pool.IsPublished, ledger.Pool.HighWater, open.Count);
            CheckPublished(index);
        }

        PageTableIntegrity table = new(step.Table, _faults.Add);
        table.Check();
        foreach (PagedSequence sequence in open)
        {
            table.CheckShown(sequence.Id, ref sequence.Table);
        }

        store?.CheckIntegrity(
            open.Where(static sequence => sequence.Suspended is not null).Select(static sequence => ($"Sequence {sequence.Id}", sequence.Suspended!)),
            _faults.Add);
        memory.CheckIntegrity(_faults.Add);
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
            Expect(sequence.IsSuspended == sequence.Suspended is not null, $"{name} is suspended without content, or has content without being suspended.");
            if (sequence.Suspended is { } content)
            {
                CheckSuspended(sequence, content, name);
                continue;
            }

            Expect(
                sequence.Capacity == ledger.CapacityOf(sequence.Table.Count),
                $"{name} has {sequence.Table.Count} blocks but a capacity of {sequence.Capacity} tokens.");
            ReadOnlySpan<int> blocks = sequence.Table.Blocks;
            HashSet<int> distinct = [.. blocks];
            Expect(distinct.Count == blocks.Length, $"{name} lists a block twice.");
            if (!sequence.IsLost)
            {
                CheckWritableBlocks(sequence, name);
            }
        }
    }

    private void CheckSuspended(PagedSequence sequence, SuspendedContent content, string name)
    {
        Expect(sequence.Table.Count == 0, $"{name} is suspended and holds {sequence.Table.Count} blocks.");
        Expect(
            content.Tokens.Length == sequence.Length && content.Places.Length == ledger.BlocksFor(sequence.ComputedLength),
            $"{name} has computed {sequence.ComputedLength} of {sequence.Length} tokens; the host has {content.Tokens.Length} tokens and {content.Places.Length} blocks.");
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
            if (sequence.IsLost || sequence.IsSuspended)
            {
                continue;
            }

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

    private bool IsKnown(int block) => (uint)block < (uint)ledger.Pool.HighWater;

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            _faults.Add(fault);
        }
    }
}
