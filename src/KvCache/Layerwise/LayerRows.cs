using System.Runtime.CompilerServices;
using KvCache.Paged;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>The rows of the open step as the layers see them: the blocks that hold positions, and what changed since the last step.</summary>
/// <remarks>Blocks are read from the books' page table, which stands for the whole step, whatever becomes of the sequences meanwhile.</remarks>
internal sealed class LayerRows(PageTable table, int blockTokens)
{
    private Row[] _rows = [];
    private int[] _changed = [];
    private int[] _scratch = [];
    private int _changes;

    /// <summary>Gets the step's number, from 1 on.</summary>
    public long Step { get; private set; }

    public int Count { get; private set; }

    /// <summary>Gets the most blocks of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Gets the rows in which some block is another than in the last step.</summary>
    public ReadOnlySpan<int> Changed => _changed.AsSpan(0, _changes);

    public void Begin(int rows)
    {
        Step++;
        (Count, Columns, _changes) = (rows, 0, 0);
        if (rows > _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(rows, _rows.Length * 2));
            Array.Resize(ref _changed, _rows.Length);
        }
    }

    /// <summary>Notes a row; to be called before the books' table shows it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int number, PagedSequence sequence, int length)
    {
        ref Row row = ref _rows[number];
        int blocks = (int)(((long)length + blockTokens - 1) / blockTokens);
        bool follows = row.Id == sequence.Id && row.Step == Step - 1 && sequence.Table.ShownRow == number;
        row.Step = Step;
        row.FirstWritten = length > sequence.ComputedLength ? sequence.ComputedLength / blockTokens : int.MaxValue;
        Columns = Math.Max(Columns, blocks);
        if (!follows || row.Blocks != blocks || sequence.Table.FirstChanged < blocks)
        {
            row.FirstChanged = follows ? Math.Min(Math.Min(sequence.Table.FirstChanged, row.Blocks), blocks) : 0;
            row.Id = sequence.Id;
            row.Blocks = blocks;
            row.Kept = sequence.Kept!;
            _changed[_changes++] = number;
        }
    }

    public long Id(int row) => _rows[row].Id;

    public bool Keeps(int row, int layer) => _rows[row].Kept[layer];

    /// <summary>The first of a changed row's blocks that is another than in the last step.</summary>
    public int FirstChanged(int row) => _rows[row].FirstChanged;

    /// <summary>The first of a row's blocks that the step writes to; <see cref="int.MaxValue"/> where it writes to none.</summary>
    public int FirstWritten(int row) => _rows[row].FirstWritten;

    public ReadOnlySpan<int> Blocks(int row) => table.WholeRow(row)[.._rows[row].Blocks];

    public Span<int> Scratch(int length)
    {
        if (length > _scratch.Length)
        {
            _scratch = new int[Math.Max(length, _scratch.Length * 2)];
        }

        return _scratch.AsSpan(0, length);
    }

    private struct Row
    {
        public long Id;
        public long Step;
        public int Blocks;
        public int FirstChanged;
        public int FirstWritten;
        public KeptLayers Kept;
    }
}
