namespace KvCache.Layerwise;

/// <summary>Which layers of a sequence are meant to stay on the device.</summary>
internal sealed class KeptLayers
{
    private readonly bool[] _kept;

    private readonly bool _spread;

    /// <param name="layers">Layers of the model.</param>
    /// <param name="kept">How many stay at first.</param>
    /// <param name="fewest">How many the policy would not go below.</param>
    /// <param name="spread">Whether those that stay are spread evenly; where not, they are the last.</param>
    public KeptLayers(int layers, int kept, int fewest, bool spread = true)
    {
        _kept = new bool[layers];
        _spread = spread;
        Fewest = fewest;
        Keep(kept);
    }

    /// <summary>Gets how many stay.</summary>
    public int Count { get; private set; }

    /// <summary>Gets how many the policy would not go below.</summary>
    public int Fewest { get; set; }

    /// <summary>Gets or sets the number of the last step that the sequence was in.</summary>
    public long LastStep { get; set; }

    public int Layers => _kept.Length;

    public bool IsWhole => Count == _kept.Length;

    public bool this[int layer] => _kept[layer];

    /// <summary>Keeps so many: those of the interleaved placement, or, where some stay already, these and the ones farthest from them.</summary>
    public void Keep(int count)
    {
        if (Count == 0 && _spread)
        {
            // A sequence that had to give up all of them comes back in the middle of decoding: nothing is allocated.
            for (int j = 0; j < count; j++)
            {
                _kept[InterleavedLayers.At(_kept.Length, count, j)] = true;
            }

            Count = count;
        }

        while (Count < count)
        {
            _kept[MostWanted()] = true;
            Count++;
        }
    }

    public void GiveUp(int layer)
    {
        Count -= _kept[layer] ? 1 : 0;
        _kept[layer] = false;
    }

    /// <summary>The kept layer whose loss leaves the others spread most evenly; the earliest of several; −1 where none is kept.</summary>
    public int LeastWanted()
    {
        if (!_spread)
        {
            return Array.IndexOf(_kept, true);
        }

        (int best, int least) = (-1, int.MaxValue);
        for (int layer = 0, before = -1; layer < _kept.Length; layer++)
        {
            if (_kept[layer])
            {
                int gap = Next(layer) - before;
                (best, least) = gap < least ? (layer, gap) : (best, least);
                before = layer;
            }
        }

        return best;
    }

    /// <summary>The last layer of the longest run that is not kept, or its middle where something is kept behind it.</summary>
    private int MostWanted()
    {
        if (!_spread)
        {
            return Array.LastIndexOf(_kept, false);
        }

        (int best, int longest) = (-1, 0);
        for (int layer = 0; layer < _kept.Length;)
        {
            int end = _kept[layer] ? layer + 1 : Next(layer);
            if (!_kept[layer] && end - layer > longest)
            {
                longest = end - layer;
                best = end == _kept.Length ? end - 1 : layer + ((end - layer) / 2);
            }

            layer = end;
        }

        return best;
    }

    private int Next(int layer)
    {
        int next = layer + 1;
        while (next < _kept.Length && !_kept[next])
        {
            next++;
        }

        return next;
    }
}
