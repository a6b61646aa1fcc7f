namespace KvCache.Specs.Attention;

/// <summary>Opens the sequences of a case's rows, and the step over them.</summary>
internal static class BatchLayout
{
    private const int SpareBlocks = 3;

    public static ContractSetup SetupOf(AttentionCase drawn) => new()
    {
        Geometry = new KvGeometry(drawn.Shape),
        BlockTokens = drawn.PageTokens,
        BlockCount = SpareBlocks + drawn.Rows.Sum(row => 1 + ((row.Length + row.Ahead + drawn.PageTokens - 1) / drawn.PageTokens)),
    };

    public static KvStep Begin(CacheFixture cache, AttentionCase drawn)
    {
        // The first page is nobody's row: it is where an entry of −1, or one never read, would be looked for.
        cache.Open([int.MinValue]);
        if (drawn.Scattered)
        {
            KvSequence[] filling = [.. cache.FillUp()];
            new Random(drawn.Seed).Shuffle(filling);
            Array.ForEach(filling, sequence => sequence.Dispose());
        }

        KvRow[] rows = new KvRow[drawn.Rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            AttentionRow wanted = drawn.Rows[row];
            int[] tokens = [.. Enumerable.Range(0, wanted.Length + wanted.Ahead).Select(position => (row << 20) + position)];
            KvSequence sequence = wanted.Shared == 0 ? cache.Open(tokens) : cache.Fork(rows[row - 1].Sequence, wanted.Shared);
            cache.Append(sequence, tokens.AsSpan(sequence.Length));
            using KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, wanted.Cached - sequence.ComputedLength)]);
            step.Complete();
            rows[row] = new KvRow(sequence, wanted.Computed);
        }

        return cache.Allocator.BeginStep(rows);
    }
}
