using System.Buffers;

namespace KvCache.Virtual;

/// <summary>The books of what is mapped where: per slot which group stands at which position, per group all places that show it.</summary>
/// <remarks>
/// A mapping outlives its use: a closed sequence's slot keeps what it shows until the addresses or the group are needed
/// otherwise. Whoever takes a mapping away answers for it that no running work reads through it. One owner thread; O(1) per place.
/// </remarks>
internal sealed class SlotMap(GroupMemory memory, int slots, int slotGroups)
{
    private const int None = -1;
    private const int FewestPlaces = 64;
    private readonly Place[]?[] _slots = new Place[]?[slots];

    /// <summary>One more than a group's first place, by group; 0 for none.</summary>
    private int[] _first = [];

    public int Slots => slots;

    public int SlotGroups => slotGroups;

    /// <summary>Gets how many places are mapped, over all slots.</summary>
    public int MappedPlaces { get; private set; }

    /// <summary>The group at a position of a slot, or −1.</summary>
    public int GroupAt(int slot, int position) =>
        _slots[slot] is { } places && position < places.Length ? places[position].Group - 1 : None;

    public bool IsWritable(int slot, int position) => GroupAt(slot, position) >= 0 && _slots[slot]![position].Writable;

    /// <summary>Where a group is mapped first in its list; slot −1 where it is not.</summary>
    public (int Slot, int Position) FirstPlaceOf(int group) => Split(First(group));

    /// <summary>The place after one in the list of the same group's; slot −1 after the last.</summary>
    public (int Slot, int Position) NextPlace((int Slot, int Position) place) => Split(_slots[place.Slot]![place.Position].Next);

    /// <summary>Maps groups one after the other where they are not there yet; positions that show others must be empty.</summary>
    /// <returns>Whether all are there; where not, some may be, which the books say.</returns>
    public bool TryMap(int slot, int position, ReadOnlySpan<int> groups, bool writable)
    {
        for (int i = 0; i < groups.Length;)
        {
            if (GroupAt(slot, position + i) == groups[i])
            {
                i++;
                continue;
            }

            int end = i + 1;
            while (end < groups.Length && GroupAt(slot, position + end) == None)
            {
                end++;
            }

            if (!memory.TryMap(slot, position + i, groups[i..end], writable))
            {
                return false;
            }

            Note(slot, position + i, groups[i..end], writable);
            i = end;
        }

        return true;
    }

    /// <summary>Writes down what has been mapped.</summary>
    public void Note(int slot, int position, ReadOnlySpan<int> groups, bool writable)
    {
        for (int i = 0; i < groups.Length; i++)
        {
            Link(slot, position + i, groups[i], writable);
        }
    }

    /// <summary>Takes the mappings of a run of positions away, those that are empty left out.</summary>
    public void Clear(int slot, int position, int count)
    {
        int end = Math.Min(position + count, _slots[slot]?.Length ?? 0);
        for (int first = position; first < end;)
        {
            int next = first;
            while (next < end && GroupAt(slot, next) != None)
            {
                Unlink(slot, next++);
            }

            if (next > first)
            {
                memory.Unmap(slot, first, next - first);
            }

            first = next + 1;
        }
    }

    /// <summary>Takes all mappings of a slot away.</summary>
    public void Clear(int slot) => Clear(slot, 0, slotGroups);

    /// <summary>Takes all mappings of a group away outside a slot; −1 for everywhere.</summary>
    public void ClearOthers(int group, int keptSlot)
    {
        for ((int Slot, int Position) place = FirstPlaceOf(group); place.Slot >= 0;)
        {
            (int Slot, int Position) next = NextPlace(place);
            if (place.Slot != keptSlot)
            {
                Clear(place.Slot, place.Position, 1);
            }

            place = next;
        }
    }

    /// <summary>Writes down that a mapping has been, or is about to be, taken away.</summary>
    public void Unlink(int slot, int position)
    {
        ref Place place = ref _slots[slot]![position];
        if (place.Next > 0)
        {
            At(place.Next).Previous = place.Previous;
        }

        if (place.Previous > 0)
        {
            At(place.Previous).Next = place.Next;
        }
        else
        {
            SetFirst(place.Group - 1, place.Next);
        }

        place = default;
        MappedPlaces--;
    }

    /// <summary>The places of a slot that were ever used, for integrity checks.</summary>
    internal ReadOnlySpan<Place> PlacesOf(int slot) => _slots[slot];

    private void Link(int slot, int position, int group, bool writable)
    {
        Place[] places = Reach(slot, position);
        int first = First(group);
        places[position] = new Place { Group = group + 1, Writable = writable, Next = first };
        int self = Number(slot, position);
        if (first > 0)
        {
            At(first).Previous = self;
        }

        SetFirst(group, self);
        MappedPlaces++;
    }

    private Place[] Reach(int slot, int position)
    {
        Place[]? places = _slots[slot];
        if (places is null || position >= places.Length)
        {
            Place[] grown = ArrayPool<Place>.Shared.Rent((int)Math.Max(FewestPlaces, Math.Max(position + 1L, 2L * (places?.Length ?? 0))));
            int used = places?.Length ?? 0;
            places?.CopyTo(grown, 0);
            grown.AsSpan(used).Clear();
            if (places is not null)
            {
                ArrayPool<Place>.Shared.Return(places);
            }

            _slots[slot] = places = grown;
        }

        return places;
    }

    private int First(int group) => group < _first.Length ? _first[group] : 0;

    private void SetFirst(int group, int place)
    {
        if (group >= _first.Length)
        {
            Array.Resize(ref _first, (int)Math.Min(Array.MaxLength, Math.Max(64L, Math.Max(group + 1L, _first.Length * 2L))));
        }

        _first[group] = place;
    }

    private int Number(int slot, int position) => (slot * slotGroups) + position + 1;

    private (int Slot, int Position) Split(int number) => number == 0 ? (None, 0) : Math.DivRem(number - 1, slotGroups);

    private ref Place At(int number)
    {
        (int slot, int position) = Split(number);
        return ref _slots[slot]![position];
    }

    /// <summary>What stands at a position; all zero for nothing. Numbers are one more than what they name.</summary>
    internal struct Place
    {
        public int Group;
        public int Next;
        public int Previous;
        public bool Writable;
    }
}
