namespace KvCache.Virtual;

/// <summary>Small numbers in the order in which they were added: adding, removing and looking up are O(1); removing moves the last to the gap.</summary>
internal sealed class NumberSet
{
    private readonly List<int> _numbers = [];

    /// <summary>One more than a number's place in the list; 0 where it is not there.</summary>
    private int[] _places = [];

    public int Count => _numbers.Count;

    public int Last => _numbers[^1];

    public bool Contains(int number) => (uint)number < (uint)_places.Length && _places[number] > 0;

    public void Add(int number)
    {
        if (number >= _places.Length)
        {
            Array.Resize(ref _places, (int)Math.Min(Array.MaxLength, Math.Max(64L, Math.Max(number + 1L, _places.Length * 2L))));
            _numbers.EnsureCapacity(_places.Length); // now, and not when most of them happen to be in at one time
        }

        _numbers.Add(number);
        _places[number] = _numbers.Count;
    }

    /// <summary>Removes a number that is there.</summary>
    public void Remove(int number)
    {
        int place = _places[number];
        int last = _numbers[^1];
        _numbers[place - 1] = last;
        _places[last] = place;
        _places[number] = 0;
        _numbers.RemoveAt(_numbers.Count - 1);
    }

    public int[] ToArray() => [.. _numbers];

    public void CheckIntegrity(string name, Action<string> report)
    {
        for (int i = 0; i < _numbers.Count; i++)
        {
            if (_places[_numbers[i]] != i + 1)
            {
                report($"Group {_numbers[i]} stands at {i} of the {name} ones; it says {_places[_numbers[i]] - 1}.");
            }
        }
    }
}
