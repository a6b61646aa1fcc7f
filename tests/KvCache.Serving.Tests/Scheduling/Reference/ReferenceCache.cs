namespace KvCache.Serving.Tests.Scheduling.Reference;

/// <summary>Blocks as lists and dictionaries: a queue of free blocks, and what each prefix's last block is.</summary>
internal sealed class ReferenceCache(int blocks, int blockTokens, bool caching)
{
    private readonly List<int> _free = [.. Enumerable.Range(0, blocks)];
    private readonly Dictionary<int, int> _owners = [];
    private readonly Dictionary<int, string> _prefixes = [];
    private readonly Dictionary<string, List<int>> _cached = [];

    public int Free => _free.Count;

    public int Capacity => blocks * blockTokens;

    /// <summary>The blocks of the longest cached prefix in whole blocks, of all tokens but the last.</summary>
    public List<int> Find(List<int> tokens)
    {
        List<int> found = [];
        while (((found.Count + 1) * blockTokens) < tokens.Count && _cached.TryGetValue(Key(tokens, found.Count), out List<int>? same))
        {
            found.Add(same[0]);
        }

        return found;
    }

    /// <summary>Gives a request the found blocks and new ones for so many tokens, or nothing.</summary>
    public bool TryAllocate(ReferenceRequest request, List<int> found, int tokens)
    {
        int needed = ((tokens + blockTokens - 1) / blockTokens) - found.Count - request.Blocks.Count;
        if (Math.Max(0, needed) + found.Count(block => _free.Contains(block)) > _free.Count)
        {
            return false;
        }

        foreach (int block in found)
        {
            _free.Remove(block);
            Own(request, block);
        }

        for (int i = 0; i < needed; i++)
        {
            int block = _free[0];
            _free.RemoveAt(0);
            Forget(block);
            Own(request, block);
        }

        return true;
    }

    /// <summary>Makes the full blocks of what is computed findable.</summary>
    public void Publish(ReferenceRequest request, int computed)
    {
        for (int i = 0; caching && i < computed / blockTokens; i++)
        {
            int block = request.Blocks[i];
            if (!_prefixes.ContainsKey(block))
            {
                string key = _prefixes[block] = Key(request.Tokens, i);
                if (!_cached.TryGetValue(key, out List<int>? same))
                {
                    _cached[key] = same = [];
                }

                same.Add(block);
            }
        }
    }

    public void Release(ReferenceRequest request)
    {
        foreach (int block in Enumerable.Reverse(request.Blocks))
        {
            if (--_owners[block] == 0)
            {
                _free.Add(block);
            }
        }

        request.Blocks.Clear();
    }

    private void Own(ReferenceRequest request, int block)
    {
        _owners[block] = _owners.GetValueOrDefault(block) + 1;
        request.Blocks.Add(block);
    }

    private void Forget(int block)
    {
        if (_prefixes.Remove(block, out string? key))
        {
            _cached[key].Remove(block);
            if (_cached[key].Count == 0)
            {
                _cached.Remove(key);
            }
        }
    }

    private string Key(List<int> tokens, int block) => string.Join(',', tokens.Take((block + 1) * blockTokens));
}
