using KvCache.Blocks;

namespace KvCache.Paged;

/// <content>Growth: new blocks at the end, and a last block of its own to write to.</content>
internal sealed partial class PagedSequence
{
    /// <summary>Whether the block that holds the next position, if it is partly filled, may be written to as it is.</summary>
    private bool CanWriteTail()
    {
        (int index, int offset) = Math.DivRem(Length, BlockTokens);
        return offset == 0 || _ledger.Pool.IsWritable(_table[index]);
    }

    /// <summary>Makes room for the positions from <paramref name="length"/> to <paramref name="target"/>, all or nothing.</summary>
    private bool TryGrow(int length, long target, out KvRefusal refusal)
    {
        _ledger.Collect();
        BlockPool pool = _ledger.Pool;
        (int tail, int offset) = Math.DivRem(length, BlockTokens);
        bool copy = offset > 0 && !pool.IsExclusive(_table[tail]);
        refusal = KvRefusal.TooLong;
        if (target <= int.MaxValue)
        {
            int added = Math.Max(0, _ledger.BlocksFor((int)target) - _table.Count);
            refusal = PlanGrowth((int)target, added + (copy ? 1 : 0));
            if (refusal == KvRefusal.None && (!copy || TryCopyTail(tail, offset, out refusal)))
            {
                _ledger.Take(_table.Extend(added));
                Capacity = _ledger.CapacityOf(_table.Count);
                return true;
            }
        }

        _ledger.Meters.Refused(refusal);
        return false;
    }

    private KvRefusal PlanGrowth(int target, int added)
    {
        KvRefusal refusal = _ledger.RefusalFor(target, added, _ledger.Pool.Available);
        return refusal == KvRefusal.None && !_ledger.TryPrepare(added) ? KvRefusal.OutOfHostMemory : refusal;
    }

    /// <summary>Lets the only owner rewrite its published block: what was published there is given up rather than copied.</summary>
    private void GiveUpPublishedTail()
    {
        (int tail, int offset) = Math.DivRem(Length, BlockTokens);
        if (offset > 0 && _ledger.Pool.IsPublished(_table[tail]))
        {
            _ledger.Unpublish(_table[tail]);
        }
    }

    /// <summary>Puts a copy in the place of a shared last block (copy-on-write).</summary>
    private bool TryCopyTail(int tail, int tokens, out KvRefusal refusal)
    {
        int shared = _table[tail];
        if (!TryTakeCopy(shared, tokens, out int own))
        {
            refusal = KvRefusal.TransferFailed;
            return false;
        }

        _table.Replace(tail, own);
        _ledger.Release([shared]);
        _ledger.Meters.CopiedOnWrite();
        refusal = KvRefusal.None;
        return true;
    }

    /// <summary>Takes a block and gives it the tokens, keys and values of the first positions of another.</summary>
    private bool TryTakeCopy(int source, int tokens, out int copy)
    {
        Span<int> taken = stackalloc int[1];
        _ledger.Take(taken);
        copy = taken[0];
        if (!_allocator.Memory.TryCopyBlock(source, copy, tokens))
        {
            _ledger.Pool.Release(taken);
            return false;
        }

        _ledger.Tokens[source][..tokens].CopyTo(_ledger.Tokens[copy]);
        return true;
    }
}
