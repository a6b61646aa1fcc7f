using KvCache.Blocks;

namespace KvCache.Specs.Model;

/// <summary>Gives idle blocks up in any order at all, parents before their children too.</summary>
public sealed class RandomVictims(int seed) : EvictionPolicy
{
    private readonly Random _random = new(seed);
    private readonly List<int> _idle = [];

    public override int Count => _idle.Count;

    public override void Add(ReadOnlySpan<int> blocks)
    {
        foreach (int block in blocks)
        {
            if (_idle.Contains(block))
            {
                throw new InvalidOperationException($"Block {block} is idle already.");
            }

            _idle.Insert(_random.Next(_idle.Count + 1), block);
        }
    }

    public override void Remove(int block)
    {
        if (!_idle.Remove(block))
        {
            throw new InvalidOperationException($"Block {block} is not idle.");
        }
    }

    public override void Take(Span<int> blocks)
    {
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
        }
    }

    public override int[] ToArray() => [.. Enumerable.Reverse(_idle)];

    public override void CheckIntegrity(Action<string> report)
    {
        if (_idle.Distinct().Count() != _idle.Count)
        {
            report("A block is idle twice.");
        }
    }
}
