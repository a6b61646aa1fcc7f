using System.Diagnostics.CodeAnalysis;
using KvCache.Blocks;

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
        int copied = computed - (shared * BlockTokens);
        int copy = -1;
        refusal = PlanGrowth(length, own);
        if (refusal == KvRefusal.None && copied > 0 && !TryTakeCopy(_table[shared], copied, out copy))
        {
            refusal = KvRefusal.TransferFailed;
        }

        if (refusal != KvRefusal.None)
        {
            _ledger.Meters.Refused(refusal);
            child = null;
            return false;
        }

        child = Fork(length, computed, shared, own, copy);
        return true;
    }

    /// <summary>Makes the child; nothing can fail any more.</summary>
    /// <param name="length">Its tokens.</param>
    /// <param name="computed">How many of them are computed.</param>
    /// <param name="shared">Blocks shared with this sequence.</param>
    /// <param name="own">Blocks of its own after them.</param>
    /// <param name="copy">The first of these, where it was copied already, or −1.</param>
    private PagedSequence Fork(int length, int computed, int shared, int own, int copy)
    {
        ReadOnlySpan<int> parents = _table.Blocks[..shared];
        BlockTable table = new();
        parents.CopyTo(table.Extend(shared));
        _ledger.Pool.AddReference(parents);
        Span<int> owned = table.Extend(own);
        if (copy >= 0)
        {
            owned[0] = copy;
            owned = owned[1..];
        }

        _ledger.Take(owned);
        PagedSequence child = new(_allocator, _root is null ? null : _ledger.Index!.Roots.Acquire(_root.Identity))
        {
            _table = table,
            Length = length,
            ComputedLength = computed,
            Capacity = _ledger.CapacityOf(table.Count),
            Published = Math.Min(Published, length / BlockTokens),
        };
        CopyTokensTo(child, shared * BlockTokens, length);
        _allocator.Memory.Opened(child);
        return child;
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

    private void CopyTokensTo(PagedSequence child, int start, int end)
    {
        for (int position = start; position < end; position += BlockTokens)
        {
            int index = position / BlockTokens;
            int count = Math.Min(BlockTokens, end - position);
            _ledger.Tokens[_table[index]][..count].CopyTo(_ledger.Tokens[child._table[index]]);
        }
    }
}
