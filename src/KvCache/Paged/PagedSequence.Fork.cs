using System.Diagnostics.CodeAnalysis;

namespace KvCache.Paged;

/// <content>Forking: computed blocks are shared, tokens not computed yet get blocks of the child's own.</content>
internal sealed partial class PagedSequence
{
    private protected override bool ForkCore(
        int length, [NotNullWhen(true)] out KvSequence? child, out KvRefusal refusal)
    {
        _ledger.Collect();
        int computed = Math.Min(length, ComputedLength);
        int shared = SharedBlocks(length);
        int own = _ledger.BlocksFor(length) - shared;
        PagedSequence fork = new(_allocator, _root is null ? null : _ledger.Index!.Roots.Acquire(_root.Identity));
        ReadOnlySpan<int> parents = _table.Blocks[..shared];
        parents.CopyTo(fork._table.Extend(shared));
        _ledger.Pool.AddReference(parents);
        if (own > 0 && !TryTakeOwn(fork, shared, own, computed - (shared * BlockTokens), out refusal))
        {
            fork._table.Shrink(shared);
            fork.Dispose();
            _ledger.Meters.Refused(refusal);
            child = null;
            return false;
        }

        refusal = KvRefusal.None;
        fork.Length = length;
        fork.ComputedLength = computed;
        fork.Capacity = _ledger.CapacityOf(fork._table.Count);
        fork.Published = Math.Min(Published, length / BlockTokens);
        CopyTokensTo(fork, shared * BlockTokens, length);
        child = fork;
        return true;
    }

    /// <summary>How many leading blocks a fork can share: those in which nobody has anything left to compute.</summary>
    private int SharedBlocks(int length)
    {
        if (length > ComputedLength)
        {
            return ComputedLength / BlockTokens;
        }

        int whole = length / BlockTokens;
        bool parentStillWrites = Length > ComputedLength && ComputedLength / BlockTokens == whole;
        return parentStillWrites ? whole : _ledger.BlocksFor(length);
    }

    private bool TryTakeOwn(PagedSequence fork, int shared, int own, int computed, out KvRefusal refusal)
    {
        Span<int> blocks = fork._table.Extend(own);
        return computed > 0
            ? TryTakeCopy(_table[shared], computed, blocks, out refusal)
            : _ledger.TryTake(blocks, out refusal);
    }

    private void CopyTokensTo(PagedSequence fork, int start, int end)
    {
        for (int position = start; position < end; position += BlockTokens)
        {
            int index = position / BlockTokens;
            int count = Math.Min(BlockTokens, end - position);
            _ledger.Tokens[_table[index]][..count].CopyTo(_ledger.Tokens[fork._table[index]]);
        }
    }
}
