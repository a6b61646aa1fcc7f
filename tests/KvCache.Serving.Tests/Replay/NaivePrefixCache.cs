namespace KvCache.Serving.Tests.Replay;

/// <summary>A prefix cache as one would first write it down: every prefix of whole blocks is a string, slots wait in a list.</summary>
/// <remarks>One request at a time; equal blocks keep copies of their own; the least recently freed slot is taken first.</remarks>
internal sealed class NaivePrefixCache
{
    private readonly int _blockTokens;
    private readonly int _capacity;
    private readonly List<int> _free;
    private readonly Dictionary<int, string> _contentOfSlot = [];
    private readonly Dictionary<string, List<int>> _slotsOfPrefix = [];
    private List<int> _owned = [];

    public NaivePrefixCache(int blockTokens, int capacity)
    {
        _blockTokens = blockTokens;
        _capacity = capacity;
        _free = [.. Enumerable.Range(0, capacity)];
    }

    /// <summary>Frees the request before, and answers how many tokens of this one were cached.</summary>
    public int Replay(int inputLength, IReadOnlyList<long> fullBlockIds)
    {
        _owned.Reverse();
        _free.AddRange(_owned);
        _owned = [];
        int blocks = (inputLength + _blockTokens - 1) / _blockTokens;
        if (blocks > _capacity)
        {
            return 0;
        }

        string[] prefixes = [.. fullBlockIds.Select((_, i) => string.Join(',', fullBlockIds.Take(i + 1)))];
        List<int> hits = [.. prefixes
            .Take((inputLength - 1) / _blockTokens)
            .TakeWhile(_slotsOfPrefix.ContainsKey)
            .Select(prefix => _slotsOfPrefix[prefix][0])];
        _owned.AddRange(hits);
        _free.RemoveAll(hits.Contains);
        while (_owned.Count < blocks)
        {
            _owned.Add(TakeLeastRecentlyFreed());
        }

        for (int i = hits.Count; i < prefixes.Length; i++)
        {
            _contentOfSlot[_owned[i]] = prefixes[i];
            _slotsOfPrefix.TryAdd(prefixes[i], []);
            _slotsOfPrefix[prefixes[i]].Add(_owned[i]);
        }

        return hits.Count * _blockTokens;
    }

    private int TakeLeastRecentlyFreed()
    {
        int slot = _free[0];
        _free.RemoveAt(0);
        if (_contentOfSlot.Remove(slot, out string? prefix))
        {
            _slotsOfPrefix[prefix].Remove(slot);
            if (_slotsOfPrefix[prefix].Count == 0)
            {
                _slotsOfPrefix.Remove(prefix);
            }
        }

        return slot;
    }
}
