using System.Runtime.CompilerServices;
using KvCache.Blocks;

namespace KvCache.Steps;

/// <summary>The page table that kernels read: int32, a row per row of the step, unused tail −1; kept up, not rebuilt.</summary>
/// <remarks>
/// A row remembers which sequence it last showed. While a sequence keeps its row, only entries that changed are
/// written: O(1) in a decode step. A sequence that moves to another row is copied once.
/// </remarks>
internal sealed class PageTable : IDisposable
{
    private const int MinimumRowStride = 16;
    private readonly NativeInts _pages = new();
    private RowState[] _rows = [];

    public nint Address => _pages.Address;

    public int RowStride { get; private set; } = MinimumRowStride;

    public int Columns { get; private set; }

    /// <summary>Begins a step over so many rows.</summary>
    public void Begin(int rows)
    {
        Columns = 0;
        if (rows > _rows.Length)
        {
            Reshape(Math.Max(rows, _rows.Length * 2), RowStride);
        }
    }

    /// <summary>Begins a step over so many rows of known width, of which those that have not changed stand as they are.</summary>
    public void Begin(int rows, int columns)
    {
        Begin(rows);
        if (columns > RowStride)
        {
            Reshape(_rows.Length, Math.Max(columns, RowStride * 2));
        }

        Columns = columns;
    }

    /// <summary>The entries of a row over all columns.</summary>
    public ReadOnlySpan<int> Row(int row) => _pages.Span.Slice(row * RowStride, Columns);

    /// <summary>Shows a sequence's table in a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="sequence">A number that names the sequence and is never used for another.</param>
    /// <param name="table">Its blocks.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Show(int row, long sequence, ref BlockTable table)
    {
        int count = table.Count;
        ref RowState state = ref _rows[row];
        if (state.Sequence != sequence || table.ShownRow != row || table.FirstChanged < count || state.Count > count)
        {
            Update(row, sequence, ref table);
        }

        Columns = Math.Max(Columns, count);
    }

    /// <summary>Makes entries of a row lead elsewhere, in a table that is not shown but derived.</summary>
    /// <param name="row">The row.</param>
    /// <param name="sequence">A number that names the sequence.</param>
    /// <param name="first">The first entry to write; those before it stand.</param>
    /// <param name="pages">The entries from there on, within the columns.</param>
    public void Write(int row, long sequence, int first, ReadOnlySpan<int> pages)
    {
        int count = first + pages.Length;
        ref RowState state = ref _rows[row];
        Span<int> entries = WholeRow(row);
        pages.CopyTo(entries[first..]);
        if (state.Count > count)
        {
            entries[count..state.Count].Fill(-1);
        }

        state = new RowState(sequence, count);
    }

    public void Dispose() => _pages.Dispose();

    /// <summary>Which sequence each row shows and how many entries, for integrity checks.</summary>
    internal ReadOnlySpan<RowState> Rows => _rows;

    /// <summary>A whole row, for integrity checks and for tests that plant faults.</summary>
    internal Span<int> WholeRow(int row) => _pages.Span.Slice(row * RowStride, RowStride);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Update(int row, long sequence, ref BlockTable table)
    {
        ReadOnlySpan<int> blocks = table.Blocks;
        if (blocks.Length > RowStride)
        {
            Reshape(_rows.Length, Math.Max(blocks.Length, RowStride * 2));
        }

        ref RowState state = ref _rows[row];
        bool same = state.Sequence == sequence && table.ShownRow == row;
        int first = same ? Math.Min(table.FirstChanged, state.Count) : 0;
        Span<int> entries = WholeRow(row);
        blocks[first..].CopyTo(entries[first..]);
        if (state.Count > blocks.Length)
        {
            entries[blocks.Length..state.Count].Fill(-1);
        }

        state = new RowState(sequence, blocks.Length);
        table.MarkShown(row);
    }

    private void Reshape(int rows, int rowStride)
    {
        int oldRows = _rows.Length;
        int oldStride = RowStride;
        _pages.Ensure(checked(rows * rowStride));
        Span<int> pages = _pages.Span;

        // From the last row down: a wider row never overwrites one that has not been moved yet.
        for (int row = rows - 1; row >= 0; row--)
        {
            Span<int> target = pages.Slice(row * rowStride, rowStride);
            int kept = row < oldRows ? _rows[row].Count : 0;
            pages.Slice(row * oldStride, kept).CopyTo(target);
            target[kept..].Fill(-1);
        }

        Array.Resize(ref _rows, rows);
        RowStride = rowStride;
    }

    /// <summary>What a row shows.</summary>
    internal readonly record struct RowState(long Sequence, int Count);
}
