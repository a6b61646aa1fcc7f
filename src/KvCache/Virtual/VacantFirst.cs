using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>Hands out idle groups that hold nothing before those in which something can be found, which go in a policy's order.</summary>
/// <remarks>
/// The last one given back is the first taken: its mapping is the likeliest to be wanted again. Some can be kept for somebody who is expected:
/// they are the last of those that hold nothing.
/// </remarks>
internal sealed class VacantFirst(EvictionPolicy cached) : EvictionPolicy
{
    private const int None = -1;
    /// <summary>Those that are kept, then the others.</summary>
    private readonly List<int> _vacant = [];
    private int _kept;
    private int[] _places = [];

    /// <summary>Gets or sets whether something can be found in a group.</summary>
    public Func<int, bool> IsPublished { get; set; } = static _ => false;

    public override int Count => _vacant.Count + cached.Count;

    /// <summary>Gets how many hold nothing and are kept for nobody.</summary>
    public int VacantCount => _vacant.Count - _kept;

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

    /// <summary>Keeps a vacant group for somebody who is expected: it is taken when nothing else is left but what is cached.</summary>
    public void Keep(int block)
    {
        if (IsVacant(block) && _places[block] >= _kept)
        {
            Swap(_places[block], _kept++);
        }
    }

    /// <summary>Keeps a group no longer.</summary>
    public void LetGo(int block)
    {
        if (IsVacant(block) && _places[block] < _kept)
        {
            Swap(_places[block], --_kept);
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
        LetGo(block);
        Swap(_places[block], _vacant.Count - 1);
        _places[block] = None;
        _vacant.RemoveAt(_vacant.Count - 1);
    }

    private void Swap(int one, int other)
    {
        (_vacant[one], _vacant[other]) = (_vacant[other], _vacant[one]);
        _places[_vacant[one]] = one;
        _places[_vacant[other]] = other;
    }
}
