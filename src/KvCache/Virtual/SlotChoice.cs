using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>Which slot a sequence gets: the one that shows most of what it needs already, so that little or nothing need be mapped.</summary>
/// <remarks>
/// Looks at few slots: those that show the first and the last of the wanted groups, and the first and last of those just taken. Owner thread; allocates
/// only as groups are used for the first time.
/// </remarks>
internal sealed class SlotChoice(SlotMap map, BlockPool slots, int capacity)
{
    private const int None = -1;
    private const int MostCandidates = 16;
    private (int Request, int Place)[] _wanted = [];
    private int _request;

    /// <summary>Takes the slot that shows most of what is wanted, or an unused one, or the one given back longest ago; −1 where there is none.</summary>
    /// <param name="groups">The groups in order of position.</param>
    /// <param name="settled">How many leading ones have their place; the others may change places among themselves.</param>
    public int Take(ReadOnlySpan<int> groups, int settled)
    {
        MarkWanted(groups[settled..], settled);
        Span<int> slot = [None];
        int most = 0;
        int looked = 0;
        ReadOnlySpan<int> leads = groups.IsEmpty ? [] : [groups[0], groups[^1], groups[Math.Min(settled, groups.Length - 1)], groups[Math.Max(0, settled - 1)]];
        foreach (int lead in leads)
        {
            for ((int Slot, int Position) place = map.FirstPlaceOf(lead); place.Slot >= 0 && looked < MostCandidates; place = map.NextPlace(place))
            {
                looked++;
                int fit = place.Slot < slots.Capacity && slots.IsUnowned(place.Slot) ? Fit(place.Slot, groups, settled) : 0;
                if (fit > most)
                {
                    (most, slot[0]) = (fit, place.Slot);
                }
            }
        }

        if (most > 0)
        {
            slots.AddReference(slot);
        }
        else if (!slots.TryTake(slot))
        {
            return None;
        }

        return slot[0];
    }

    /// <summary>Puts groups just taken to the positions at which the slot of <see cref="Take"/> shows them already.</summary>
    public void Align(int slot, Span<int> groups, int settled)
    {
        for (int i = settled; i < groups.Length; i++)
        {
            int shown = map.GroupAt(slot, i);
            if (shown != None && IsWanted(shown) && shown != groups[i])
            {
                int other = _wanted[shown].Place;
                (groups[i], groups[other]) = (shown, groups[i]);
                _wanted[groups[other]].Place = other;
                _wanted[shown].Place = i;
            }
        }
    }

    /// <summary>How many positions of a slot show what is wanted there: a given group, or any of those just taken.</summary>
    private int Fit(int slot, ReadOnlySpan<int> groups, int settled)
    {
        int fit = 0;
        for (int i = 0; i < groups.Length; i++)
        {
            int shown = map.GroupAt(slot, i);
            fit += shown != None && (i < settled ? shown == groups[i] : IsWanted(shown)) ? 1 : 0;
        }

        return fit;
    }

    private void MarkWanted(ReadOnlySpan<int> groups, int first)
    {
        _request++;
        for (int i = 0; i < groups.Length; i++)
        {
            if (groups[i] >= _wanted.Length)
            {
                Array.Resize(ref _wanted, (int)Math.Min(capacity, Math.Max(64L, Math.Max(groups[i] + 1L, _wanted.Length * 2L))));
            }

            _wanted[groups[i]] = (_request, first + i);
        }
    }

    private bool IsWanted(int group) => group < _wanted.Length && _wanted[group].Request == _request;
}
