using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>Hands out idle groups that hold nothing before those in which something can be found, which go in a policy's order.</summary>
/// <remarks>The last one given back is the first taken: its mapping is the likeliest to be wanted again.</remarks>
internal sealed class VacantFirst(EvictionPolicy cached) : EvictionPolicy
{
    private const int None = -1;
    private readonly List<int> _vacant = [];
    private int[] _places = [];

    /// <summary>Gets or sets whether something can be found in a group.</summary>
    public Func<int, bool> IsPublished { get; set; } = static _ => false;

    public override int Count => _vacant.Count + cached.Count;

    public int VacantCount => _vacant.Count;

    public override void Add(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            if (IsPublished(block))
            {
                cached.Add([block]);
            }
            else
            {
                AddVacant(block);
            }
        }
    }

    public override void Remove(int block)
    {
        if (IsVacant(block))
        {
            RemoveVacant(block);
        }
        else
        {
            cached.Remove(block);
        }
    }

    public override void Take(Span<int> blocks)
    {
        int vacant = Math.Min(blocks.Length, _vacant.Count);
        for (int i = 0; i < vacant; i++)
        {
            blocks[i] = _vacant[^1];
            RemoveVacant(blocks[i]);
        }

        cached.Take(blocks[vacant..]);
    }

    /// <summary>Makes a vacant group the last of the vacant ones to be taken, by changing places with the one that was.</summary>
    public void KeepForLast(int block)
    {
        if (IsVacant(block))
        {
            int last = _vacant[0];
            (_vacant[0], _vacant[_places[block]]) = (block, last);
            (_places[last], _places[block]) = (_places[block], 0);
        }
    }

    public override int[] ToArray() => [.. Enumerable.Reverse(_vacant), .. cached.ToArray()];

    public override void CheckIntegrity(Action<string> report)
    {
        cached.CheckIntegrity(report);
        for (int i = 0; i < _vacant.Count; i++)
        {
            if (_places[_vacant[i]] != i)
            {
                report($"Vacant group {_vacant[i]} says that it stands at {_places[_vacant[i]]}; it stands at {i}.");
            }
        }
    }

    private bool IsVacant(int block) => (uint)block < (uint)_places.Length && _places[block] != None;

    private void AddVacant(int block)
    {
        if (block >= _places.Length)
        {
            int used = _places.Length;
            Array.Resize(ref _places, (int)Math.Min(Array.MaxLength, Math.Max(64L, Math.Max(block + 1L, used * 2L))));
            _places.AsSpan(used).Fill(None);
        }

        _places[block] = _vacant.Count;
        _vacant.Add(block);
    }

    private void RemoveVacant(int block)
    {
        int place = _places[block];
        int last = _vacant[^1];
        _vacant[place] = last;
        _places[last] = place;
        _places[block] = None;
        _vacant.RemoveAt(_vacant.Count - 1);
    }
}
