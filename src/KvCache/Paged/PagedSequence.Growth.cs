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
        int added = target > int.MaxValue ? 0 : Math.Max(0, _ledger.BlocksFor((int)target) - _table.Count);
        refusal = target > int.MaxValue
            ? KvRefusal.TooLong
            : _ledger.RefusalFor((int)target, added + (copy ? 1 : 0), pool.Available);
        if (refusal != KvRefusal.None || !TryExtend(added, out refusal))
        {
            _ledger.Meters.Refused(refusal);
            return false;
        }

        if (copy && !TryCopyTail(tail, offset, out refusal))
        {
            _ledger.Pool.Release(_table.Blocks[^added..]);
            _table.Shrink(_table.Count - added);
            _ledger.Meters.Refused(refusal);
            return false;
        }

        // The only owner rewrites its published block: what was published there is given up rather than copied.
        if (offset > 0 && pool.IsPublished(_table[tail]))
        {
            _ledger.Unpublish(_table[tail]);
        }

        Capacity = _ledger.CapacityOf(_table.Count);
        return true;
    }

    private bool TryExtend(int added, out KvRefusal refusal)
    {
        refusal = KvRefusal.None;
        if (added > 0 && !_ledger.TryTake(_table.Extend(added), out refusal))
        {
            _table.Shrink(_table.Count - added);
            return false;
        }

        return true;
    }

    /// <summary>Puts a copy in the place of a shared last block (copy-on-write).</summary>
    private bool TryCopyTail(int tail, int tokens, out KvRefusal refusal)
    {
        Span<int> own = stackalloc int[1];
        int shared = _table[tail];
        if (!TryTakeCopy(shared, tokens, own, out refusal))
        {
            return false;
        }

        _table.Replace(tail, own[0]);
        _ledger.Release([shared]);
        _ledger.Meters.CopiedOnWrite();
        return true;
    }

    /// <summary>Takes blocks; the first gets the tokens, keys and values of the first positions of another block.</summary>
    private bool TryTakeCopy(int source, int tokens, Span<int> blocks, out KvRefusal refusal)
    {
        if (!_ledger.TryTake(blocks, out refusal))
        {
            return false;
        }

        if (!_allocator.Memory.CopyBlock(source, blocks[0], tokens).Wait())
        {
            _ledger.Pool.Release(blocks);
            refusal = KvRefusal.TransferFailed;
            return false;
        }

        _ledger.Tokens[source][..tokens].CopyTo(_ledger.Tokens[blocks[0]]);
        return true;
    }
}
