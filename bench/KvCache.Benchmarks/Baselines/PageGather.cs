using KvCache.Attention;

namespace KvCache.Benchmarks.Baselines;

/// <summary>Copies the pages of all rows of a view into another view, whose rows are one range each; in parts, a few pages at a time.</summary>
internal sealed unsafe class PageGather(KvLayerView source, KvLayerView destination) : IPartedWork
{
    private const int PagesPerPart = 4;
    private readonly int _partsPerRow = (source.PageTableColumns + PagesPerPart - 1) / PagesPerPart;

    public int Parts => source.RowCount * _partsPerRow;

    public void Do(int part, int worker)
    {
        (int row, int turn) = Math.DivRem(part, _partsPerRow);
        ReadOnlySpan<int> pages = source.UsedPages(row);
        if (!destination.TryGetContiguous(row, out nint keys, out nint values))
        {
            throw new InvalidOperationException($"Row {row} of the destination is not one range.");
        }

        for (int column = turn * PagesPerPart; column < Math.Min((turn + 1) * PagesPerPart, pages.Length); column++)
        {
            int position = column * source.TokensPerPage;
            int tokens = Math.Min(source.TokensPerPage, source.Lengths[row] - position);
            Copy(source.KeyBase, pages[column] * source.KeyPageStride, keys, position, tokens, source.KeyTokenStride);
            Copy(source.ValueBase, pages[column] * source.ValuePageStride, values, position, tokens, source.ValueTokenStride);
        }
    }

    private static void Copy(nint from, long offset, nint to, int position, int tokens, long tokenStride) =>
        Buffer.MemoryCopy(
            (void*)(from + (nint)offset), (void*)(to + (nint)(position * tokenStride)), tokens * tokenStride, tokens * tokenStride);
}
