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
    private const int MostCandidates = 16;
    private readonly VirtualLedger _ledger;
    private readonly GroupMemory _memory;
    private readonly MapAhead _ahead;
    private readonly int _scratch;
    private bool[] _created = [];
    private (int Request, int Place)[] _wanted = [];
    private readonly int[] _underWay;
    private int _request;

    public VirtualSpace(VirtualLedger ledger, GroupMemory memory, int slots, int slotGroups)
    {
        // One slot more than are handed out: where a group is looked at that is mapped nowhere.
        _ledger = ledger;
        _memory = memory;
        _scratch = slots;
        _ahead = new MapAhead(memory);
        Map = new SlotMap(memory, slots + 1, slotGroups);
        Slots = new BlockPool(slots, new LeastRecentlyUsed());
        RetiredSlots = new RetiredBlocks(Slots);
        _underWay = new int[slots];
    }

    public SlotMap Map { get; }

    /// <summary>Gets the slots, as a pool of blocks.</summary>
    public BlockPool Slots { get; }

    public RetiredBlocks RetiredSlots { get; }

    public bool IsCreated(int group) => group < _created.Length && _created[group];

    /// <summary>Has the next group behind what a sequence holds mapped by the other thread, unless the place shows something or nothing is to be had.</summary>
    public void TryMapAhead(int slot, int position)
    {
        if (position >= Map.SlotGroups || _underWay[slot] > 0 || Map.GroupAt(slot, position) != None || _ledger.Pool.Available == 0 || !_ledger.TryPrepare(1))
        {
            return;
        }

        Span<int> taken = stackalloc int[1];
        _ledger.Take(taken);
        _ledger.Evict(taken);

        // Until the answer is collected the group is out of everybody's reach, as if a step read it.
        _ledger.Pool.Retire(taken[0]);
        _underWay[slot]++;
        _ahead.Submit(new MapAhead.Request(slot, position, taken[0], IsCreated(taken[0])));
    }

    /// <summary>Writes down what the other thread has done so far.</summary>
    public void CollectAhead()
    {
        while (_ahead.TryCollect(out MapAhead.Answer answer))
        {
            Note(answer);
        }
    }

    /// <summary>Waits until the other thread has done everything.</summary>
    /// <returns>Whether there was anything to wait for.</returns>
    public bool FinishAhead()
    {
        bool any = _ahead.Pending > 0;
        while (_ahead.Pending > 0)
        {
            Note(_ahead.Collect());
        }

        return any;
    }

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
        FinishAheadIn(slot);
        int missing = 0;
        for (int i = 0; i < groups.Length; i++)
        {
            int group = Map.GroupAt(slot, position + i);
            bool ready = group != None && _ledger.Pool.IsUnowned(group) && !_ledger.Pool.IsPublished(group);
            groups[i] = ready ? group : None;
            missing += ready ? 0 : 1;
            if (ready)
            {
                _ledger.Pool.AddReference(groups.Slice(i, 1));
            }
        }

        if (missing > 0)
        {
            for (int i = 0; i < groups.Length; i++)
            {
                if (groups[i] == None)
                {
                    _ledger.Take(groups.Slice(i, 1));
                }
            }
        }
    }

    /// <summary>Maps groups just taken behind what a sequence holds. Where that is refused, they are given back.</summary>
    public KvRefusal TryExtend(int slot, int position, ReadOnlySpan<int> groups)
    {
        ClearOthers(groups, slot);
        if (TryBack(groups) && TryPlace(slot, position, groups, writable: true))
        {
            _ledger.Evict(groups);
            return KvRefusal.None;
        }

        _ledger.Pool.Release(groups);
        return KvRefusal.OutOfDeviceMemory;
    }

    /// <summary>Puts groups into a slot of their own. Where that is refused, those just taken are given back.</summary>
    /// <param name="groups">All groups in order of position.</param>
    /// <param name="held">How many leading ones hold something; the others may change places among themselves.</param>
    /// <param name="fresh">Which of the others were just taken: a part of <paramref name="groups"/>, or a list of its own.</param>
    /// <param name="readOnly">How many leading groups are never written to.</param>
    /// <param name="copy">What to copy to the first position that holds nothing, tokens included.</param>
    /// <param name="slot">The slot.</param>
    public KvRefusal TrySettle(Span<int> groups, int held, ReadOnlySpan<int> fresh, int readOnly, GroupCopy copy, out int slot)
    {
        int settled = held + (copy.Tokens > 0 ? 1 : 0);
        slot = TakeSlot(groups, settled);
        if (slot == None)
        {
            _ledger.Pool.Release(fresh);
            return KvRefusal.OutOfDeviceMemory;
        }

        FinishAheadIn(slot);
        Align(slot, groups, settled);
        ClearOthers(fresh, slot);
        KvRefusal refusal = KvRefusal.OutOfDeviceMemory;
        if (TryBack(fresh)
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

        _ledger.Pool.Release(fresh);
        Slots.Release([slot]);
        slot = None;
        return refusal;
    }

    /// <summary>Gives a slot back; its mappings stay.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="ahead">The position at which a group was mapped ahead last, which now anybody may have; −1 for none.</param>
    public void Release(int slot, int ahead)
    {
        if (ahead >= 0 && Map.GroupAt(slot, ahead) is >= 0 and int group)
        {
            _ledger.LetGo(group);
        }

        RetiredSlots.Release([slot]);
    }

    /// <summary>Gives the memory of idle groups back to the system.</summary>
    /// <param name="groups">Groups that hold nothing, with one owner, the caller.</param>
    /// <returns>How many had memory.</returns>
    public int Destroy(Span<int> groups)
    {
        int created = 0;
        foreach (int group in groups)
        {
            Map.ClearOthers(group, None);
            if (IsCreated(group))
            {
                _created[group] = false;
                groups[created++] = group;
            }
        }

        if (created > 0)
        {
            groups[..created].Sort();
            _memory.Destroy(groups[..created]);
        }

        return created;
    }

    /// <summary>Unmaps and gives back everything. No work is running and no sequence is open.</summary>
    public void Dispose()
    {
        FinishAhead();
        _ahead.Dispose();
        for (int slot = 0; slot < Map.Slots; slot++)
        {
            Map.Clear(slot);
        }

        List<int> created = [];
        for (int group = 0; group < _created.Length; group++)
        {
            if (_created[group])
            {
                created.Add(group);
            }
        }

        if (created.Count > 0)
        {
            _memory.Destroy(created.ToArray());
        }

        _memory.Dispose();
    }

    /// <summary>Takes the slot that shows most of what is wanted, or an unused one, or the one given back longest ago.</summary>
    private int TakeSlot(ReadOnlySpan<int> groups, int taken)
    {
        MarkWanted(groups[taken..], taken);
        Span<int> slot = [None];
        int most = 0;
        int looked = 0;
        ReadOnlySpan<int> leads = groups.IsEmpty ? [] : [groups[0], groups[^1], groups[Math.Min(taken, groups.Length - 1)], groups[Math.Max(0, taken - 1)]];
        foreach (int lead in leads)
        {
            for ((int Slot, int Position) place = Map.FirstPlaceOf(lead); place.Slot >= 0 && looked < MostCandidates; place = Map.NextPlace(place))
            {
                looked++;
                int fit = place.Slot != _scratch && Slots.IsUnowned(place.Slot) ? Fit(place.Slot, groups, taken) : 0;
                if (fit > most)
                {
                    (most, slot[0]) = (fit, place.Slot);
                }
            }
        }

        if (most > 0)
        {
            Slots.AddReference(slot);
        }
        else if (!Slots.TryTake(slot))
        {
            return None;
        }

        return slot[0];
    }

    /// <summary>How many positions of a slot show what is wanted there: a given group, or any of those just taken.</summary>
    private int Fit(int slot, ReadOnlySpan<int> groups, int taken)
    {
        int fit = 0;
        for (int i = 0; i < groups.Length; i++)
        {
            int shown = Map.GroupAt(slot, i);
            fit += shown != None && (i < taken ? shown == groups[i] : IsWanted(shown)) ? 1 : 0;
        }

        return fit;
    }

    /// <summary>Puts groups just taken to the positions at which the slot shows them already.</summary>
    private void Align(int slot, Span<int> groups, int taken)
    {
        for (int i = taken; i < groups.Length; i++)
        {
            int shown = Map.GroupAt(slot, i);
            if (shown != None && IsWanted(shown) && shown != groups[i])
            {
                int other = _wanted[shown].Place;
                (groups[i], groups[other]) = (shown, groups[i]);
                _wanted[groups[other]].Place = other;
                _wanted[shown].Place = i;
            }
        }
    }

    private void MarkWanted(ReadOnlySpan<int> groups, int first)
    {
        _request++;
        for (int i = 0; i < groups.Length; i++)
        {
            if (groups[i] >= _wanted.Length)
            {
                Array.Resize(ref _wanted, (int)Math.Min(_ledger.Pool.Capacity, Math.Max(64L, Math.Max(groups[i] + 1L, _wanted.Length * 2L))));
            }

            _wanted[groups[i]] = (_request, first + i);
        }
    }

    private bool IsWanted(int group) => group < _wanted.Length && _wanted[group].Request == _request;

    /// <summary>Copies what a group begins with into a group just taken, whose old content is spoiled by it.</summary>
    private KvRefusal TryCopy(GroupCopy copy, (int Slot, int Position) destination, int group)
    {
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
        foreach (int group in groups)
        {
            Map.ClearOthers(group, slot);
        }
    }

    private void Note(in MapAhead.Answer answer)
    {
        (int slot, int position, int group, _) = answer.Request;
        _underWay[slot]--;
        if (answer.IsCreated)
        {
            NoteCreated([group]);
        }

        if (answer.IsMapped)
        {
            Map.Note(slot, position, [group], writable: true);
        }

        _ledger.Pool.Settle(group);
        if (answer.IsMapped && Slots.ReferenceCount(slot) > 0)
        {
            _ledger.Keep(group);
        }
    }

    /// <summary>Waits where the other thread is at work in a slot.</summary>
    private void FinishAheadIn(int slot)
    {
        if (_underWay[slot] > 0)
        {
            FinishAhead();
        }
    }

    /// <summary>Backs groups with memory that have none.</summary>
    private bool TryBack(ReadOnlySpan<int> groups)
    {
        for (int first = 0; first < groups.Length;)
        {
            int end = first;
            while (end < groups.Length && !IsCreated(groups[end]))
            {
                end++;
            }

            if (end > first)
            {
                if (!_memory.TryCreate(groups[first..end]))
                {
                    return false;
                }

                NoteCreated(groups[first..end]);
            }

            first = end + 1;
        }

        return true;
    }

    private void NoteCreated(ReadOnlySpan<int> groups)
    {
        foreach (int group in groups)
        {
            if (group >= _created.Length)
            {
                Array.Resize(ref _created, (int)Math.Min(_ledger.Pool.Capacity, Math.Max(64L, Math.Max(group + 1L, _created.Length * 2L))));
            }

            _created[group] = true;
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
        int before = Map.MappedPlaces;
        foreach (int slot in Slots.Idle.ToArray())
        {
            Map.Clear(slot);
        }

        return Map.MappedPlaces < before;
    }
}
