using KvCache.Blocks;

namespace KvCache.Virtual;

/// <summary>The order in which idle groups are handed out: those that hold nothing, then those in which something can be found, then those that are expected.</summary>
/// <remarks>
/// Of those that hold nothing, the last given back is the first taken: its mapping is the likeliest to be wanted again. Those with content go in a
/// policy's order. A group is expected when it is mapped behind a sequence that will soon grow into it: taking it would make that sequence wait
/// for the system, so it goes last.
/// </remarks>
internal sealed class VacantFirst(EvictionPolicy cached) : EvictionPolicy
{
    private readonly NumberSet _vacant = new();
    private readonly NumberSet _expected = new();

    /// <summary>Gets or sets whether something can be found in a group.</summary>
    public Func<int, bool> IsPublished { get; set; } = static _ => false;

    public override int Count => _vacant.Count + cached.Count + _expected.Count;

    public int VacantCount => _vacant.Count;

    public int ExpectedCount => _expected.Count;

    public bool IsExpected(int block) => _expected.Contains(block);

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
                _vacant.Add(block);
            }
        }
    }

    public override void Remove(int block)
    {
        if (_vacant.Contains(block))
        {
            _vacant.Remove(block);
        }
        else if (_expected.Contains(block))
        {
            _expected.Remove(block);
        }
        else
        {
            cached.Remove(block);
        }
    }

    public override void Take(Span<int> blocks)
    {
        int vacant = TakeLast(_vacant, blocks);
        int found = Math.Min(blocks.Length - vacant, cached.Count);
        cached.Take(blocks.Slice(vacant, found));
        TakeLast(_expected, blocks[(vacant + found)..]);
    }

    /// <summary>Sets an idle group that holds nothing apart for the sequence behind which it is mapped.</summary>
    public void Expect(int block)
    {
        Remove(block);
        _expected.Add(block);
    }

    /// <summary>Ends <see cref="Expect"/>, where the group is still idle.</summary>
    public void Unexpect(int block)
    {
        if (_expected.Contains(block))
        {
            _expected.Remove(block);
            _vacant.Add(block);
        }
    }

    public override int[] ToArray() => [.. Enumerable.Reverse(_vacant.ToArray()), .. cached.ToArray(), .. Enumerable.Reverse(_expected.ToArray())];

    public override void CheckIntegrity(Action<string> report)
    {
        cached.CheckIntegrity(report);
        _vacant.CheckIntegrity("vacant", report);
        _expected.CheckIntegrity("expected", report);
        foreach (int block in _vacant.ToArray().Concat(_expected.ToArray()).Where(block => IsPublished(block)))
        {
            report($"Group {block} stands with those that hold nothing, but something can be found in it.");
        }
    }

    private static int TakeLast(NumberSet set, Span<int> blocks)
    {
        int count = Math.Min(blocks.Length, set.Count);
        for (int i = 0; i < count; i++)
        {
            blocks[i] = set.Last;
            set.Remove(blocks[i]);
        }

        return count;
    }
}
