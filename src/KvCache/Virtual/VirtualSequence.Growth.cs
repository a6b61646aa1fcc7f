using KvCache.Blocks;

namespace KvCache.Virtual;

/// <content>Growth: new groups at the end, and a last group of its own to write to.</content>
internal sealed partial class VirtualSequence
{
    /// <summary>Whether the group that holds the next position, if it is partly filled, may be written to as it is.</summary>
    private bool CanWriteTail()
    {
        (int index, int offset) = Math.DivRem(Length, _ledger.GroupTokens);
        return offset == 0
            || (_ledger.Pool.IsExclusive(_groups[index])
                && _ledger.PublishedBlocks(_groups[index]) <= offset / _ledger.BlockTokens
                && _space.Map.IsWritable(Slot, index));
    }

    /// <summary>Makes room for the positions from <paramref name="length"/> to <paramref name="target"/>, all or nothing.</summary>
    private bool TryGrow(int length, long target, out KvRefusal refusal)
    {
        _allocator.Books.Collect();
        (int tail, int offset) = Math.DivRem(length, _ledger.GroupTokens);
        bool copy = offset > 0 && !_ledger.Pool.IsExclusive(_groups[tail]);
        refusal = KvRefusal.TooLong;
        if (target <= int.MaxValue)
        {
            int added = Math.Max(0, _ledger.GroupsFor((int)target) - _groups.Count);
            bool move = copy || (offset > 0 && !_space.Map.IsWritable(Slot, tail)) || !_space.CanReplace(Slot, _groups.Count, added);
            refusal = PlanGrowth((int)target, added + (copy ? 1 : 0));
            if (refusal == KvRefusal.None)
            {
                refusal = move ? TryMove(tail, offset, copy, added) : TryExtend(added);
            }

            if (refusal == KvRefusal.None)
            {
                Capacity = _ledger.CapacityOf(_groups.Count);
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

    private KvRefusal TryExtend(int added)
    {
        if (added == 0)
        {
            return KvRefusal.None;
        }

        int count = _groups.Count;
        Span<int> groups = _groups.Extend(added);
        _space.TakeFor(Slot, count, groups);
        KvRefusal refusal = _space.TryExtend(Slot, count, groups);
        if (refusal != KvRefusal.None)
        {
            _groups.Shrink(count);
        }

        return refusal;
    }

    /// <summary>Moves to another slot, there to have a last group that it can write to and others behind it.</summary>
    private KvRefusal TryMove(int tail, int offset, bool copy, int added)
    {
        int count = _groups.Count;
        BlockTable moved = new();
        Span<int> groups = moved.Extend(count + added);
        _groups.Blocks.CopyTo(groups);
        int shared = copy ? groups[tail] : -1;
        BlockTable taken = new();
        Span<int> fresh = taken.Extend(added + (copy ? 1 : 0));
        _ledger.Take(fresh);
        fresh[^added..].CopyTo(groups[count..]);
        if (copy)
        {
            // The next victim: where the copy fails, what was cached there is lost, and nothing that leads to anything else.
            groups[tail] = fresh[0];
        }

        int readOnly = Math.Min(offset > 0 ? tail : count, ComputedLength / _ledger.GroupTokens);
        KvRefusal refusal = _space.TrySettle(
            groups, copy ? tail : count, fresh, readOnly, copy ? new GroupCopy(shared, offset) : default, out int slot);
        taken.Free();
        if (refusal != KvRefusal.None)
        {
            moved.Free();
            return refusal;
        }

        Forsake();
        _space.Release(Slot);
        _page.Replace(0, slot);
        _groups.Free();
        _groups = moved;
        if (copy)
        {
            _ledger.Retired.Release([shared]);
            _ledger.Meters.CopiedOnWrite();
            Published = Math.Min(Published, tail * _ledger.GroupBlocks);
            PublishComputed();
        }

        return KvRefusal.None;
    }

    /// <summary>Lets the only owner rewrite published blocks of its last group: what was published there is given up rather than copied.</summary>
    private void GiveUpPublishedTail()
    {
        (int tail, int offset) = Math.DivRem(Length, _ledger.GroupTokens);
        if (offset > 0)
        {
            _ledger.Forget(_groups[tail], offset / _ledger.BlockTokens);
        }
    }
}
