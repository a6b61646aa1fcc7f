using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>The slots of addresses: who has which, and the work of putting groups where a sequence reads them.</summary>
/// <remarks>
/// <para>What a sequence holds is never unmapped nor mapped otherwise under it, since running work may read through it. A sequence that needs
/// other memory at a position it holds (copy-on-write) moves to another slot, in which its other groups are mapped too; its old
/// slot waits for the fence.</para>
/// <para>A slot given back keeps its mappings. The next sequence takes the slot that shows most of what it needs, so that closing one and
/// opening one alike makes no call to the system at all.</para>
/// <para>Every request is all or nothing. Owner thread.</para>
/// </remarks>
internal sealed class VirtualSpace : IDisposable
{
    private const int None = -1;
    private readonly VirtualLedger _ledger;
    private readonly GroupMemory _memory;
    private readonly SlotChoice _choice;
    private readonly int _scratch;

    public VirtualSpace(VirtualLedger ledger, GroupMemory memory, int slots, int slotGroups)
    {
        // One slot more than are handed out: where a group is looked at that is mapped nowhere.
        _ledger = ledger;
        _memory = memory;
        _scratch = slots;
        Map = new SlotMap(memory, slots + 1, slotGroups);
        Slots = new BlockPool(slots, new LeastRecentlyUsed());
        RetiredSlots = new RetiredBlocks(Slots);
        Backing = new GroupBacking(memory, ledger.Pool.Capacity);
        Ahead = new Lookahead(ledger, Map, Backing, memory);
        _choice = new SlotChoice(Map, Slots, ledger.Pool.Capacity);
    }

    public SlotMap Map { get; }

    /// <summary>Gets the slots, as a pool of blocks.</summary>
    public BlockPool Slots { get; }

    public RetiredBlocks RetiredSlots { get; }

    /// <summary>Gets which groups have memory.</summary>
    public GroupBacking Backing { get; }

    /// <summary>Gets what is mapped beside the steps.</summary>
    public Lookahead Ahead { get; }

    /// <summary>Gets the memory behind the slots.</summary>
    public GroupMemory Memory => _memory;

    /// <summary>Whether positions behind what a sequence holds can be mapped anew: no running work reads what they show.</summary>
    public bool CanReplace(int slot, int position, int count)
    {
        for (int i = position; i < position + count; i++)
        {
            int group = Map.GroupAt(slot, i);
            if (group != None && _ledger.Pool.IsPending(group))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Takes groups for positions behind what a sequence holds, those that are mapped there already first.</summary>
    public void TakeFor(int slot, int position, Span<int> groups)
    {
        Ahead.FinishIn(slot);
        for (int i = 0; i < groups.Length; i++)
        {
            int group = Map.GroupAt(slot, position + i);
            bool ready = group != None && _ledger.Pool.IsUnowned(group) && !_ledger.Pool.IsPublished(group);
            groups[i] = ready ? group : None;
            if (ready)
            {
                _ledger.Pool.AddReference(groups.Slice(i, 1));
            }
        }

        for (int i = 0; i < groups.Length; i++)
        {
            if (groups[i] == None)
            {
                _ledger.Take(groups.Slice(i, 1));
            }
        }
    }

    /// <summary>Maps groups just taken behind what a sequence holds. Where that is refused, they are given back.</summary>
    public KvRefusal TryExtend(int slot, int position, Span<int> groups)
    {
        ClearOthers(groups, slot);
        if (TryBack(groups, groups, slot) && TryPlace(slot, position, groups, writable: true))
        {
            _ledger.Evict(groups);
            return KvRefusal.None;
        }

        GiveUp(groups);
        return KvRefusal.OutOfDeviceMemory;
    }

    /// <summary>Puts groups into a slot of their own. Where that is refused, those just taken are given back.</summary>
    /// <param name="groups">All groups in order of position.</param>
    /// <param name="held">How many leading ones hold something; the others may change places among themselves.</param>
    /// <param name="fresh">Which of the others were just taken: a part of <paramref name="groups"/>, or a list of its own.</param>
    /// <param name="readOnly">How many leading groups are never written to.</param>
    /// <param name="copy">What to copy to the first position that holds nothing, tokens included.</param>
    /// <param name="slot">The slot.</param>
    public KvRefusal TrySettle(Span<int> groups, int held, Span<int> fresh, int readOnly, GroupCopy copy, out int slot)
    {
        int settled = held + (copy.Tokens > 0 ? 1 : 0);
        slot = _choice.Take(groups, settled);
        if (slot == None)
        {
            GiveUp(fresh);
            return KvRefusal.OutOfDeviceMemory;
        }

        Ahead.FinishIn(slot);
        _choice.Align(slot, groups, settled);
        ClearOthers(fresh, slot);
        KvRefusal refusal = KvRefusal.OutOfDeviceMemory;
        if (TryBack(fresh, groups, slot)
            && TryPlace(slot, 0, groups[..readOnly], writable: false)
            && TryPlace(slot, readOnly, groups[readOnly..], writable: true))
        {
            refusal = copy.Tokens == 0 ? KvRefusal.None : TryCopy(copy, (slot, held), groups[held]);
        }

        if (refusal == KvRefusal.None)
        {
            _ledger.Evict(fresh);
            if (copy.Tokens > 0)
            {
                CopyTokens(copy, groups[held]);
            }

            return KvRefusal.None;
        }

        GiveUp(fresh);
        Slots.Release([slot]);
        slot = None;
        return refusal;
    }

    /// <summary>Gives a slot back; its mappings stay.</summary>
    public void Release(int slot)
    {
        Ahead.Forsake(slot);
        RetiredSlots.Release([slot]);
    }

    /// <summary>Gives the memory of idle groups back to the system.</summary>
    /// <param name="groups">Groups that hold nothing, with one owner, the caller; changes their order.</param>
    /// <returns>How many had memory.</returns>
    public int Destroy(Span<int> groups)
    {
        Ahead.FinishOn(groups);
        ClearOthers(groups, None);
        return Backing.Destroy(groups);
    }

    /// <summary>Unmaps and gives back everything. No work is running and no sequence is open.</summary>
    public void Dispose()
    {
        Ahead.Dispose();
        for (int slot = 0; slot < Map.Slots; slot++)
        {
            Map.Clear(slot);
        }

        Backing.DestroyAll();
        _memory.Dispose();
    }

    /// <summary>Copies what a group begins with into a group just taken, whose old content is spoiled by it.</summary>
    private KvRefusal TryCopy(GroupCopy copy, (int Slot, int Position) destination, int group)
    {
        Ahead.FinishOn([copy.Source]);
        (int Slot, int Position) source = Map.FirstPlaceOf(copy.Source);
        if (source.Slot < 0)
        {
            source = (_scratch, 0);
            if (!TryPlace(_scratch, 0, [copy.Source], writable: false))
            {
                return KvRefusal.OutOfDeviceMemory;
            }
        }

        _ledger.Evict([group]);
        bool arrived = _memory.Copy(source, destination, copy.Tokens).Wait();
        Map.Clear(_scratch);
        return arrived ? KvRefusal.None : KvRefusal.TransferFailed;
    }

    private void CopyTokens(GroupCopy copy, int group)
    {
        for (int first = 0; first < copy.Tokens; first += _ledger.BlockTokens)
        {
            int block = first / _ledger.BlockTokens;
            int count = Math.Min(_ledger.BlockTokens, copy.Tokens - first);
            _ledger.Tokens[(copy.Source * _ledger.GroupBlocks) + block][..count].CopyTo(_ledger.Tokens[(group * _ledger.GroupBlocks) + block]);
        }
    }

    /// <summary>Takes the mappings away that groups just taken have outside the slot that they are for.</summary>
    private void ClearOthers(ReadOnlySpan<int> groups, int slot)
    {
        Ahead.FinishOn(groups);
        foreach (int group in groups)
        {
            Map.ClearOthers(group, slot);
        }
    }

    /// <summary>Backs groups just taken with memory. Where the system has less than the limit allows, what is idle serves instead.</summary>
    /// <param name="fresh">The groups just taken.</param>
    /// <param name="groups">Where they stand among the sequence's groups.</param>
    /// <param name="slot">The slot that they are for.</param>
    private bool TryBack(Span<int> fresh, Span<int> groups, int slot)
    {
        while (!Backing.TryCreate(fresh))
        {
            _ledger.MemoryIsShort = true;
            foreach (ref int group in fresh)
            {
                if (Backing.IsCreated(group))
                {
                    continue;
                }

                if (!_ledger.TryTakeIdle(out int other))
                {
                    return false;
                }

                int absent = group;
                groups.Replace(absent, other);
                group = other;
                _ledger.Pool.SetAside([absent]);
                ClearOthers([other], slot);
            }
        }

        return true;
    }

    /// <summary>Gives groups just taken back: idle where they have memory, unused where they have none.</summary>
    private void GiveUp(Span<int> groups)
    {
        for (int i = groups.Length - 1; i >= 0; i--)
        {
            if (!Backing.IsCreated(groups[i]))
            {
                _ledger.Pool.SetAside(groups.Slice(i, 1));
            }
            else
            {
                _ledger.Pool.Release(groups.Slice(i, 1));
            }
        }
    }

    private bool TryPlace(int slot, int position, ReadOnlySpan<int> groups, bool writable)
    {
        for (int i = 0; i < groups.Length; i++)
        {
            int shown = Map.GroupAt(slot, position + i);
            if (shown != None && (shown != groups[i] || (writable && !Map.IsWritable(slot, position + i))))
            {
                Map.Clear(slot, position + i, 1);
            }
        }

        return Map.TryMap(slot, position, groups, writable) || (TryClearIdle() && Map.TryMap(slot, position, groups, writable));
    }

    /// <summary>Takes the mappings of slots away that nobody has, where the system refuses more.</summary>
    private bool TryClearIdle()
    {
        Ahead.Finish();
        int before = Map.MappedPlaces;
        foreach (int slot in Slots.Idle.ToArray())
        {
            Map.Clear(slot);
        }

        return Map.MappedPlaces < before;
    }
}
