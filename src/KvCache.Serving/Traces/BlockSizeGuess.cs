using KvCache.Serving.Text;

namespace KvCache.Serving.Traces;

/// <summary>Finds out how many tokens a block id stands for, from how many ids prompts of known length have.</summary>
/// <remarks>
/// n ids for s tokens mean blocks of b tokens: ⌈s/b⌉ = n where the last, partly filled block has an id, ⌊s/b⌋ = n where it has none.
/// Of the sizes that fit all requests the roundest in binary is taken, which is what people choose.
/// </remarks>
internal sealed class BlockSizeGuess
{
    private SizeRange _lastNamed = SizeRange.All;
    private SizeRange _onlyFull = SizeRange.All;
    private SizeRange _either = SizeRange.All;

    /// <summary>Gets the size.</summary>
    public int Best => (int)(!_lastNamed.IsEmpty ? _lastNamed : !_onlyFull.IsEmpty ? _onlyFull : _either).Roundest;

    /// <exception cref="UnexpectedTextException">No size fits this request and those before it.</exception>
    public void Add(int tokens, int ids)
    {
        long mostNamed = ids > 1 ? (tokens - 1L) / (ids - 1) : int.MaxValue;
        long leastFull = (tokens / (ids + 1L)) + 1;
        _lastNamed = _lastNamed.Cut(ids > 0 ? (tokens + ids - 1L) / ids : tokens + 1L, mostNamed);
        _onlyFull = _onlyFull.Cut(leastFull, ids > 0 ? tokens / ids : int.MaxValue);
        _either = _either.Cut(leastFull, mostNamed);
        if (ids > tokens || _either.IsEmpty)
        {
            throw new UnexpectedTextException(
                $"as many hash_ids for {tokens} tokens as one size of block gives for all lines so far, found {ids}");
        }
    }
}
