namespace KvCache.Benchmarks.Baselines;

/// <summary>A prefix cache as one would write it first: a dictionary from chained hash to the blocks that have it, tokens compared.</summary>
internal sealed class DictionaryPrefixes(int blockTokens)
{
    private readonly Dictionary<long, List<(int[] Tokens, int Block)>> _blocks = [];

    public void Publish(ReadOnlySpan<int> tokens, ReadOnlySpan<int> blocks)
    {
        long hash = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<int> own = tokens.Slice(i * blockTokens, blockTokens);
            hash = Hash(hash, own);
            if (!_blocks.TryGetValue(hash, out List<(int[] Tokens, int Block)>? candidates))
            {
                _blocks.Add(hash, candidates = []);
            }

            candidates.Add((own.ToArray(), blocks[i]));
        }
    }

    public List<int> Match(ReadOnlySpan<int> tokens)
    {
        List<int> found = [];
        long hash = 0;
        for (int i = 0; i < (tokens.Length - 1) / blockTokens; i++)
        {
            ReadOnlySpan<int> wanted = tokens.Slice(i * blockTokens, blockTokens);
            hash = Hash(hash, wanted);
            int block = Find(hash, wanted);
            if (block < 0)
            {
                break;
            }

            found.Add(block);
        }

        return found;
    }

    private int Find(long hash, ReadOnlySpan<int> wanted)
    {
        if (_blocks.TryGetValue(hash, out List<(int[] Tokens, int Block)>? candidates))
        {
            foreach ((int[] tokens, int block) in candidates)
            {
                if (wanted.SequenceEqual(tokens))
                {
                    return block;
                }
            }
        }

        return -1;
    }

    private static long Hash(long parent, ReadOnlySpan<int> tokens)
    {
        HashCode hash = default;
        hash.Add(parent);
        foreach (int token in tokens)
        {
            hash.Add(token);
        }

        return ((long)hash.ToHashCode() << 32) ^ parent;
    }
}
