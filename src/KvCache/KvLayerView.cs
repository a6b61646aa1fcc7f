using System.Diagnostics.CodeAnalysis;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache;

/// <summary>One layer's keys and values for the rows of a step: plain addresses, strides and a page table.</summary>
/// <remarks>
/// <para>One shape for every manager and every kernel. Row <c>r</c> holds positions 0 … <c>Lengths[r]</c> − 1. Position
/// <c>t</c> lies in page <c>p = PageTable(r)[t / TokensPerPage]</c>; the key of head <c>h</c> begins at
/// <c>KeyBase + p × KeyPageStride + (t % TokensPerPage) × KeyTokenStride + h × KeyHeadStride</c>, the value likewise.
/// Strides are in bytes. A virtual tensor is a page table with one column whose page is the whole range.</para>
/// <para>The step computes positions <c>Lengths[r] − n … Lengths[r] − 1</c> of row r, where
/// <c>n = QueryOffsets[r + 1] − QueryOffsets[r]</c>; queries of all rows stand one after the other.</para>
/// <para>Valid until the step ends; a stale view throws. The page table, lengths and offsets are in host memory.</para>
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A handle; two of them are never compared.")]
public readonly struct KvLayerView
{
    private readonly StepState? _state;
    private readonly LayerPlace _place;
    private readonly long _generation;

    internal KvLayerView(StepState state, in LayerPlace place, int layer)
    {
        _state = state;
        _place = place;
        _generation = state.Generation;
        Layer = layer;
    }

    /// <summary>Gets the layer.</summary>
    public int Layer { get; }

    /// <summary>Gets the number of the view's step, from 1 on; no two steps of a process have the same.</summary>
    /// <remarks>Together with <see cref="PageTableAddress"/> it names the contents of a page table, so that a device keeps one copy
    /// of it for all layers that share it. 0 for a view of no step. Never throws.</remarks>
    public long StepNumber => _generation;

    /// <summary>Gets a value indicating whether the view's step is still open: a view that is not current throws when it is used.</summary>
    public bool IsCurrent => _state is not null && _state.IsCurrent(_generation);

    /// <summary>Gets the device whose memory the addresses point to.</summary>
    public IKvDevice Device => State.Device;

    /// <summary>Gets the shape of the layer's keys and values.</summary>
    public KvLayerGroup Shape => Layout.Shape;

    /// <summary>Gets the number of rows.</summary>
    public int RowCount => State.RowCount;

    /// <summary>Gets the number of positions that the step computes, over all rows.</summary>
    public int TokenCount => State.TokenCount;

    /// <summary>Gets the number of token positions in a page.</summary>
    public int TokensPerPage => Layout.TokensPerPage;

    /// <summary>Gets the address of page 0's keys.</summary>
    public nint KeyBase => Current(_place.Keys);

    /// <summary>Gets the address of page 0's values.</summary>
    public nint ValueBase => Current(_place.Values);

    /// <summary>Gets the bytes from a page's keys to the next page's.</summary>
    public long KeyPageStride => Layout.KeyPageStride;

    /// <summary>Gets the bytes from a token's keys to the next token's.</summary>
    public long KeyTokenStride => Layout.KeyTokenStride;

    /// <summary>Gets the bytes from a head's key to the next head's.</summary>
    public long KeyHeadStride => Layout.KeyHeadStride;

    /// <summary>Gets the bytes from a page's values to the next page's.</summary>
    public long ValuePageStride => Layout.ValuePageStride;

    /// <summary>Gets the bytes from a token's values to the next token's.</summary>
    public long ValueTokenStride => Layout.ValueTokenStride;

    /// <summary>Gets the bytes from a head's value to the next head's.</summary>
    public long ValueHeadStride => Layout.ValueHeadStride;

    /// <summary>Gets the columns of the page table: the pages of the row that has most.</summary>
    public int PageTableColumns => Table.Columns;

    /// <summary>Gets the int32 entries from a page table row to the next; at least <see cref="PageTableColumns"/>.</summary>
    public int PageTableRowStride => Table.RowStride;

    /// <summary>Gets the address of the page table: int32, one row per row of the step, unused tail −1.</summary>
    public nint PageTableAddress => Table.Address;

    /// <summary>Gets each row's length in tokens, those of this step included.</summary>
    public ReadOnlySpan<int> Lengths => State.Lengths;

    /// <summary>Gets the address of <see cref="Lengths"/>: int32, one per row.</summary>
    public nint LengthsAddress => State.LengthsAddress;

    /// <summary>Gets where each row's queries begin, and after the last row their number: rows + 1 entries.</summary>
    public ReadOnlySpan<int> QueryOffsets => State.QueryOffsets;

    /// <summary>Gets the address of <see cref="QueryOffsets"/>: int32, rows + 1.</summary>
    public nint QueryOffsetsAddress => State.QueryOffsetsAddress;

    /// <summary>Gets the pages of a row in order of position, over all columns; unused tail −1.</summary>
    /// <param name="row">0 … <see cref="RowCount"/> − 1.</param>
    /// <returns>The entries, in the table itself.</returns>
    public ReadOnlySpan<int> PageTableRow(int row)
    {
        Throw.IfNotIndex(row, State.RowCount);
        return Table.Row(row);
    }

    /// <summary>Gets the pages of a row that hold its positions 0 … length − 1.</summary>
    /// <param name="row">0 … <see cref="RowCount"/> − 1.</param>
    /// <returns>The entries, in the table itself.</returns>
    public ReadOnlySpan<int> UsedPages(int row)
    {
        ReadOnlySpan<int> pages = PageTableRow(row);
        return pages[..PagesFor(Lengths[row])];
    }

    /// <summary>Finds where a row's keys and values lie as one range each, token after token.</summary>
    /// <param name="row">0 … <see cref="RowCount"/> − 1.</param>
    /// <param name="keys">The address of position 0's keys, when the answer is true.</param>
    /// <param name="values">The address of position 0's values, when the answer is true.</param>
    /// <returns>Whether there is such a range. For a paged cache: whether the row's pages follow one another.</returns>
    public bool TryGetContiguous(int row, out nint keys, out nint values)
    {
        ReadOnlySpan<int> pages = UsedPages(row);
        keys = values = 0;
        if (pages.IsEmpty)
        {
            return false;
        }

        for (int i = 1; i < pages.Length; i++)
        {
            if (pages[i] != pages[i - 1] + 1)
            {
                return false;
            }
        }

        keys = KeyBase + (nint)(pages[0] * KeyPageStride);
        values = ValueBase + (nint)(pages[0] * ValuePageStride);
        return true;
    }

    /// <summary>Exports the page table, padded with −1.</summary>
    /// <param name="destination">Receives rows × <paramref name="columns"/> entries, row after row.</param>
    /// <param name="columns">At least the pages of the longest row.</param>
    /// <exception cref="ArgumentException">The destination is too short, or a row has more pages; nothing is written.</exception>
    public void CopyPageTable(Span<int> destination, int columns)
    {
        int needed = 0;
        for (int row = 0; row < RowCount; row++)
        {
            needed = Math.Max(needed, UsedPages(row).Length);
        }

        if (columns < needed)
        {
            Throw.Argument($"{columns} columns were given; the longest row has {needed} pages.", nameof(columns));
        }

        RequireLength(destination.Length, checked(RowCount * columns), nameof(destination));
        for (int row = 0; row < RowCount; row++)
        {
            Span<int> target = destination.Slice(row * columns, columns);
            ReadOnlySpan<int> pages = UsedPages(row);
            pages.CopyTo(target);
            target[pages.Length..].Fill(-1);
        }
    }

    /// <summary>Exports the page table in compressed sparse rows, as FlashInfer's kernels take it.</summary>
    /// <param name="offsets">Receives rows + 1 entries: where each row's pages begin in <paramref name="indices"/> ("indptr").</param>
    /// <param name="indices">Receives all rows' pages, one row after the other.</param>
    /// <param name="lastPageLengths">Receives one entry per row: tokens in its last page; 0 for an empty row.</param>
    /// <returns>How many indices were written.</returns>
    /// <exception cref="ArgumentException">A destination is too short; nothing is written.</exception>
    public int CopySparse(Span<int> offsets, Span<int> indices, Span<int> lastPageLengths)
    {
        int total = 0;
        for (int row = 0; row < RowCount; row++)
        {
            total += UsedPages(row).Length;
        }

        RequireLength(offsets.Length, RowCount + 1, nameof(offsets));
        RequireLength(indices.Length, total, nameof(indices));
        RequireLength(lastPageLengths.Length, RowCount, nameof(lastPageLengths));
        offsets[0] = 0;
        for (int row = 0; row < RowCount; row++)
        {
            ReadOnlySpan<int> pages = UsedPages(row);
            pages.CopyTo(indices[offsets[row]..]);
            offsets[row + 1] = offsets[row] + pages.Length;
            lastPageLengths[row] = Lengths[row] - (Math.Max(0, pages.Length - 1) * TokensPerPage);
        }

        return total;
    }

    /// <summary>Exports where each position of this step is written: page × tokens per page + offset in the page.</summary>
    /// <param name="destination">Receives <see cref="TokenCount"/> entries, in the order of the queries.</param>
    /// <exception cref="ArgumentException">The destination is too short; nothing is written.</exception>
    public void CopySlotMapping(Span<long> destination)
    {
        RequireLength(destination.Length, TokenCount, nameof(destination));
        for (int row = 0; row < RowCount; row++)
        {
            ReadOnlySpan<int> pages = PageTableRow(row);
            int first = QueryOffsets[row];
            int count = QueryOffsets[row + 1] - first;
            int position = Lengths[row] - count;
            for (int i = 0; i < count; i++, position++)
            {
                (int page, int offset) = Math.DivRem(position, TokensPerPage);
                destination[first + i] = ((long)pages[page] * TokensPerPage) + offset;
            }
        }
    }

    private StepState State
    {
        get
        {
            if (!IsCurrent)
            {
                Throw.InvalidOperation("The view's step has ended; enter the layer in the present step.");
            }

            return _state!;
        }
    }

    private PageLayout Layout => State.Layout;

    private PageTable Table => Current(_place.Table);

    private T Current<T>(T value) => State is null ? default! : value;

    private int PagesFor(int length) => (int)(((long)length + TokensPerPage - 1) / TokensPerPage);

    private static void RequireLength(int length, int needed, string paramName)
    {
        if (length < needed)
        {
            Throw.Argument($"The destination has {length} entries; {needed} are needed.", paramName);
        }
    }
}
