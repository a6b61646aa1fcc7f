using KvCache.Memory;

namespace KvCache.Steps;

/// <summary>The one open step of an allocator: its rows, their lengths and query offsets. Reused from step to step.</summary>
/// <param name="device">Whose memory the layers' addresses point to.</param>
/// <param name="layout">How tokens lie in a page.</param>
/// <param name="layers">Where each layer's pages are, and the page table that leads to them.</param>
/// <param name="traffic">What moves layers in and out, or null where every layer stays on the device.</param>
internal abstract class StepState(IKvDevice device, PageLayout layout, LayerPlace[] layers, ILayerTraffic? traffic)
    : IDisposable
{
    private readonly NativeInts _lengths = new();
    private readonly NativeInts _queryOffsets = new();
    private static long _lastGeneration;
    private KvRow[] _rows = [];

    public IKvDevice Device => device;

    public PageLayout Layout => layout;

    /// <summary>Gets the number of the open step, from 1 on and never given twice in a process; 0 while none is open.</summary>
    public long Generation { get; private set; }

    public bool IsOpen => Generation != 0;

    public int RowCount { get; private set; }

    public int TokenCount { get; private set; }

    public ReadOnlySpan<int> Lengths => _lengths.Span[..RowCount];

    public nint LengthsAddress => _lengths.Address;

    public ReadOnlySpan<int> QueryOffsets => _queryOffsets.Span[..(RowCount + 1)];

    public nint QueryOffsetsAddress => _queryOffsets.Address;

    public ReadOnlySpan<KvRow> Rows => _rows.AsSpan(0, RowCount);

    /// <summary>Whether a step or view of this number may still be used.</summary>
    public bool IsCurrent(long generation) => Generation == generation;

    public KvStep Begin(IKvAllocator allocator, ReadOnlySpan<KvRow> rows)
    {
        if (IsOpen)
        {
            Throw.InvalidOperation("The last step is still open; complete or dispose it first.");
        }

        TokenCount = Claim(allocator, rows);
        if (rows.Length > _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(rows.Length, _rows.Length * 2));
        }

        rows.CopyTo(_rows);
        RowCount = rows.Length;
        _lengths.Ensure(rows.Length);
        _queryOffsets.Ensure(rows.Length + 1);
        Span<int> lengths = _lengths.Span;
        Span<int> offsets = _queryOffsets.Span;
        int tokens = 0;
        BeginRows(rows.Length);
        for (int row = 0; row < rows.Length; row++)
        {
            (KvSequence sequence, int count) = rows[row];
            lengths[row] = sequence.ComputedLength + count;
            offsets[row] = tokens;
            tokens += count;
            BeginRow(row, sequence);
        }

        offsets[rows.Length] = tokens;
        Generation = Interlocked.Increment(ref _lastGeneration);
        Begun();
        return new KvStep(this, Generation);
    }

    public void End(bool completed, KvFence? fence)
    {
        if (fence is not null)
        {
            CheckElsewhere();
        }

        foreach (KvRow row in Rows)
        {
            row.Sequence.InStep = false;
            if (completed && row.Sequence is { IsDisposed: false, IsLost: false })
            {
                row.Sequence.AdvanceComputed(row.TokenCount);
                CompleteRow(row.Sequence);
            }
        }

        Array.Clear(_rows, 0, RowCount);
        EndStep(fence);
        Generation = 0;
    }

    public KvLayerView Enter(int layer)
    {
        Throw.IfNotIndex(layer, layers.Length);
        traffic?.Enter(layer);
        return new KvLayerView(this, in layers[layer], layer);
    }

    public void Leave(int layer, KvFence? elsewhere)
    {
        Throw.IfNotIndex(layer, layers.Length);
        traffic?.Leave(layer, elsewhere);
    }

    public virtual void Dispose()
    {
        Generation = 0;
        _lengths.Dispose();
        _queryOffsets.Dispose();
    }

    protected abstract void BeginRows(int rows);

    protected abstract void BeginRow(int row, KvSequence sequence);

    /// <summary>Called when all rows are known.</summary>
    protected virtual void Begun()
    {
    }

    /// <summary>Called before a step ends whose work was submitted elsewhere; may refuse.</summary>
    protected virtual void CheckElsewhere()
    {
    }

    protected abstract void CompleteRow(KvSequence sequence);

    protected abstract void EndStep(KvFence? fence);

    /// <summary>Checks every row, marks its sequence and adds up the tokens; where one row is bad, no mark stays.</summary>
    private static int Claim(IKvAllocator allocator, ReadOnlySpan<KvRow> rows)
    {
        long tokens = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            tokens += rows[row].TokenCount;
            if (!IsUsable(allocator, rows[row]) || tokens > int.MaxValue)
            {
                foreach (KvRow claimed in rows[..row])
                {
                    claimed.Sequence.InStep = false;
                }

                Refuse(allocator, rows, row);
            }

            rows[row].Sequence.InStep = true;
        }

        return (int)tokens;
    }

    private static bool IsUsable(IKvAllocator allocator, KvRow row) =>
        row.Sequence is { IsDisposed: false, InStep: false, IsLost: false } sequence
        && sequence.Allocator == allocator
        && (uint)row.TokenCount <= (uint)sequence.UncomputedLength;

    private static void Refuse(IKvAllocator allocator, ReadOnlySpan<KvRow> rows, int row)
    {
        (KvSequence? sequence, int count) = rows[row];
        if (sequence is null)
        {
            Throw.Argument($"Row {row} has no sequence.", nameof(rows));
        }

        ObjectDisposedException.ThrowIf(sequence.IsDisposed, sequence);
        if (sequence.Allocator != allocator)
        {
            Throw.Argument($"The sequence of row {row} belongs to another allocator.", nameof(rows));
        }

        if (sequence.IsLost)
        {
            Throw.InvalidOperation(
                $"The sequence of row {row} has lost keys and values to copies that failed; dispose it and open it again.");
        }

        int uncomputed = sequence.UncomputedLength;
        if ((uint)count > (uint)uncomputed)
        {
            throw new ArgumentOutOfRangeException(
                nameof(rows), count, $"Row {row} asks for {count} tokens; expected 0 … {uncomputed}, the tokens not computed yet.");
        }

        Throw.Argument(
            rows[..row].ToArray().Any(earlier => earlier.Sequence == sequence)
                ? $"The sequence of row {row} stands in an earlier row too."
                : $"The rows up to row {row} have more than {int.MaxValue} tokens together.",
            nameof(rows));
    }
}
