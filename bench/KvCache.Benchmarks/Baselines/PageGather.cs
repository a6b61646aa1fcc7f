namespace KvCache.Benchmarks.Baselines;

/// <summary>Copies the pages of all rows of a view into another view, whose rows are one range each. On as many threads as there are in the team.</summary>
internal sealed unsafe class PageGather
{
    private const int PagesPerTurn = 4;
    private readonly ThreadTeam _team;
    private readonly Action<int> _copy;
    private KvLayerView _source;
    private KvLayerView _destination;
    private int _turns;

    public PageGather(ThreadTeam team)
    {
        _team = team;
        _copy = Copy;
    }

    public void Run(KvLayerView source, KvLayerView destination)
    {
        _source = source;
        _destination = destination;
        _turns = 0;
        _team.Run(_copy);
    }

    private void Copy(int thread)
    {
        int turn = 0;
        int mine = Interlocked.Increment(ref _turns) - 1;
        for (int row = 0; row < _source.RowCount; row++)
        {
            int pages = _source.UsedPages(row).Length;
            for (int first = 0; first < pages; first += PagesPerTurn, turn++)
            {
                if (turn == mine)
                {
                    CopyPages(row, first, Math.Min(first + PagesPerTurn, pages));
                    mine = Interlocked.Increment(ref _turns) - 1;
                }
            }
        }
    }

    private void CopyPages(int row, int first, int end)
    {
        ReadOnlySpan<int> pages = _source.UsedPages(row);
        if (!_destination.TryGetContiguous(row, out nint keys, out nint values))
        {
            throw new InvalidOperationException($"Row {row} of the destination is not one range.");
        }

        for (int column = first; column < end; column++)
        {
            int tokens = Math.Min(_source.TokensPerPage, _source.Lengths[row] - (column * _source.TokensPerPage));
            long position = (long)column * _source.TokensPerPage;
            Copy(_source.KeyBase, pages[column] * _source.KeyPageStride, keys, position, tokens, _source.KeyTokenStride);
            Copy(_source.ValueBase, pages[column] * _source.ValuePageStride, values, position, tokens, _source.ValueTokenStride);
        }
    }

    private static void Copy(nint source, long offset, nint destination, long position, int tokens, long tokenStride) =>
        Buffer.MemoryCopy(
            (void*)(source + (nint)offset),
            (void*)(destination + (nint)(position * tokenStride)),
            tokens * tokenStride,
            tokens * tokenStride);
}
