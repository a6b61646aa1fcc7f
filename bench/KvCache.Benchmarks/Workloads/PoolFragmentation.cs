namespace KvCache.Benchmarks.Workloads;

/// <summary>Brings a new pool into the state of one long in use: its free blocks stand in no order.</summary>
internal static class PoolFragmentation
{
    private const int Seed = 1;

    /// <summary>Opens one sequence per piece of the memory, and closes them in shuffled order: pieces are handed out in the order they came back, or the other way round.</summary>
    /// <param name="allocator">The manager of the memory, new.</param>
    /// <param name="tokens">The tokens of the smallest piece that a sequence takes: a block, or a group of blocks.</param>
    public static void Apply(IKvAllocator allocator, int tokens)
    {
        KvSequence[] sequences = new KvSequence[(long)allocator.Usage.TotalBlocks * allocator.BlockTokens / tokens];
        foreach (ref KvSequence sequence in sequences.AsSpan())
        {
            sequence = Open(allocator, tokens);
        }

        new Random(Seed).Shuffle(sequences);
        foreach (KvSequence sequence in sequences)
        {
            sequence.Dispose();
        }
    }

    /// <summary>Opens a sequence of so many tokens, whichever.</summary>
    public static KvSequence Open(IKvAllocator allocator, int tokens) =>
        allocator.TryOpen(new int[tokens], null, 0, out KvSequence? sequence, out KvRefusal refusal)
            ? sequence
            : throw new InvalidOperationException($"{tokens} tokens were refused: {refusal}.");

    /// <summary>Which part of a view's pages lies right behind the page before it.</summary>
    public static double Adjacent(KvLayerView view)
    {
        int adjacent = 0;
        int pairs = 0;
        for (int row = 0; row < view.RowCount; row++)
        {
            ReadOnlySpan<int> pages = view.UsedPages(row);
            for (int i = 1; i < pages.Length; i++, pairs++)
            {
                adjacent += pages[i] == pages[i - 1] + 1 ? 1 : 0;
            }
        }

        return pairs == 0 ? 1 : (double)adjacent / pairs;
    }
}
