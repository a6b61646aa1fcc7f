using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>The owner's side of mapping ahead: chooses the group behind a sequence, keeps the books of what is under way.</summary>
/// <remarks>
/// A group chosen so stays idle, and counts as available, however far the other thread has come: what requests are answered does not depend on
/// its speed. It is <see cref="VacantFirst">expected</see>, that is taken by others only when there is nothing else. Owner thread.
/// </remarks>
internal sealed class Lookahead(VirtualLedger ledger, SlotMap map, GroupBacking backing, GroupMemory memory) : IDisposable
{
    private const int None = -1;
    private readonly MapAhead _thread = new(memory, usual: map.Slots);

    /// <summary>Per slot, one more than the group expected behind its sequence.</summary>
    private readonly int[] _expected = new int[map.Slots];

    /// <summary>Per slot, how many requests are under way.</summary>
    private readonly int[] _underWay = new int[map.Slots];

    /// <summary>Sees to it that a group stands ready behind what a sequence holds.</summary>
    /// <param name="slot">The sequence's slot.</param>
    /// <param name="position">The first position behind its groups.</param>
    /// <returns>Whether there is nothing more to do for this position; false where it is to be tried again.</returns>
    public bool TryExpect(int slot, int position)
    {
        if (position >= map.SlotGroups)
        {
            return true;
        }

        if (_underWay[slot] > 0)
        {
            return false;
        }

        BlockPool pool = ledger.Pool;
        int shown = map.GroupAt(slot, position);
        if (shown != None && pool.IsPending(shown))
        {
            // Running work reads it there.
            return false;
        }

        if (shown != None && pool.IsUnowned(shown) && !pool.IsPublished(shown) && map.IsWritable(slot, position))
        {
            Expect(slot, shown);
            return true;
        }

        if (!ledger.TryTakeAhead(out int group))
        {
            return false;
        }

        ledger.Evict([group]);
        pool.Release([group]);
        Expect(slot, group);
        if (shown != group || !map.IsWritable(slot, position))
        {
            Submit(slot, position, group);
        }

        return true;
    }

    /// <summary>Lets go of what was expected behind a sequence that ends, moves or has become shorter.</summary>
    public void Forsake(int slot)
    {
        int group = _expected[slot] - 1;
        _expected[slot] = 0;

        // What is under way stays apart until it has come to an end, so that nobody asks for it twice.
        if (group != None && !backing.IsUnderWay(group))
        {
            ledger.Unexpect(group);
        }
    }

    /// <summary>Writes down what the other thread has done so far.</summary>
    public void Collect()
    {
        while (_thread.TryCollect(out MapAhead.Answer answer))
        {
            Note(answer);
        }
    }

    /// <summary>Waits until the other thread has done everything.</summary>
    public void Finish()
    {
        while (_thread.Pending > 0)
        {
            Note(_thread.Collect());
        }
    }

    /// <summary>Waits where the other thread is at work in a slot.</summary>
    public void FinishIn(int slot)
    {
        if (_underWay[slot] > 0)
        {
            Finish();
        }
    }

    /// <summary>Waits where the other thread is at work on one of some groups.</summary>
    public void FinishOn(ReadOnlySpan<int> groups)
    {
        if (_thread.Pending == 0)
        {
            return;
        }

        foreach (int group in groups)
        {
            if (backing.IsUnderWay(group))
            {
                Finish();
                return;
            }
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        Finish();
        _thread.Dispose();
    }

    private void Expect(int slot, int group)
    {
        ledger.Expect(group);
        _expected[slot] = group + 1;
    }

    /// <summary>Has a group mapped behind a sequence and nowhere else.</summary>
    private void Submit(int slot, int position, int group)
    {
        int shown = map.GroupAt(slot, position);
        if (shown != None)
        {
            SubmitUnmap(slot, position, shown);
        }

        for ((int Slot, int Position) place = map.FirstPlaceOf(group); place.Slot >= 0; place = map.FirstPlaceOf(group))
        {
            SubmitUnmap(place.Slot, place.Position, group);
        }

        MapAhead.Kind kind = backing.IsCreated(group) ? MapAhead.Kind.Map : MapAhead.Kind.CreateAndMap;
        backing.Begin(group);
        Submit(new MapAhead.Request(kind, slot, position, group));
    }

    private void SubmitUnmap(int slot, int position, int group)
    {
        bool writable = map.IsWritable(slot, position);
        map.Unlink(slot, position);
        Submit(new MapAhead.Request(MapAhead.Kind.Unmap, slot, position, group, writable));
    }

    private void Submit(in MapAhead.Request request)
    {
        _underWay[request.Slot]++;
        _thread.Submit(request);
    }

    private void Note(in MapAhead.Answer answer)
    {
        (MapAhead.Kind kind, int slot, int position, int group, bool writable) = answer.Request;
        _underWay[slot]--;
        if (kind == MapAhead.Kind.Unmap)
        {
            if (!answer.IsDone)
            {
                map.Note(slot, position, [group], writable);
            }

            return;
        }

        backing.End(group, answer.IsCreated);
        if (answer.IsDone)
        {
            map.Note(slot, position, [group], writable);
            if (_expected[slot] != group + 1)
            {
                ledger.Unexpect(group);
            }
        }
        else
        {
            ledger.GiveUpExpected(group, answer.IsCreated);
        }
    }
}
