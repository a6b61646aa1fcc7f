namespace KvCache.Benchmarks.Baselines;

/// <summary>A sequence manager as one would write it first: a dictionary of lists, and a page table built anew for every step.</summary>
internal sealed class DictionaryManager(int capacity, int blockTokens)
{
    private readonly QueuePool _pool = new(capacity);
    private readonly Dictionary<int, List<int>> _tables = [];
    private readonly Dictionary<int, List<int>> _tokens = [];
    private int _next;

    public int Open(ReadOnlySpan<int> prompt)
    {
        int[] blocks = new int[(prompt.Length + blockTokens - 1) / blockTokens];
        if (!_pool.TryTake(blocks))
        {
            throw new InvalidOperationException("The pool is exhausted.");
        }

        int id = _next++;
        _tables.Add(id, [.. blocks]);
        _tokens.Add(id, [.. prompt]);
        return id;
    }

    public void Append(int id, int token)
    {
        List<int> tokens = _tokens[id];
        tokens.Add(token);
        List<int> table = _tables[id];
        if (tokens.Count > table.Count * blockTokens)
        {
            Span<int> block = stackalloc int[1];
            if (!_pool.TryTake(block))
            {
                throw new InvalidOperationException("The pool is exhausted.");
            }

            table.Add(block[0]);
        }
    }

    public void Truncate(int id, int length)
    {
        _tokens[id].RemoveRange(length, _tokens[id].Count - length);
        List<int> table = _tables[id];
        int kept = (length + blockTokens - 1) / blockTokens;
        _pool.Release(table.GetRange(kept, table.Count - kept).ToArray());
        table.RemoveRange(kept, table.Count - kept);
    }

    public int[,] BuildPageTable(ReadOnlySpan<int> ids)
    {
        int columns = 0;
        foreach (int id in ids)
        {
            columns = Math.Max(columns, _tables[id].Count);
        }

        int[,] pages = new int[ids.Length, columns];
        for (int row = 0; row < ids.Length; row++)
        {
            List<int> table = _tables[ids[row]];
            for (int column = 0; column < columns; column++)
            {
                pages[row, column] = column < table.Count ? table[column] : -1;
            }
        }

        return pages;
    }

    public void Close(int id)
    {
        _pool.Release(_tables[id].ToArray());
        _tables.Remove(id);
        _tokens.Remove(id);
    }
}
