using System.Runtime.InteropServices;
using ILGPU;
using KvCache.Memory;

namespace KvCache.Gpu.Devices;

/// <summary>One table's staging and its copy on the device: the page table packed, lengths, query offsets, each at a multiple of 64 bytes.</summary>
internal sealed class StepTableSlot(GpuDevice device) : IDisposable
{
    private const int Alignment = 16;
    private GpuPinnedMemory? _staging;
    private KvArena? _memory;
    private KvLayerView _view;
    private nint _table;

    /// <summary>Gets when the staging may be written again.</summary>
    public KvFence Copied { get; private set; }

    public GpuStepTables Tables { get; private set; }

    /// <summary>Gets whether the step that the slot was filled for is still open.</summary>
    public bool IsServing => _view.IsCurrent;

    public bool Holds(KvLayerView view) => _view.StepNumber == view.StepNumber && _table == view.PageTableAddress;

    /// <summary>Fills the slot. Its last upload has passed.</summary>
    public void Upload(KvLayerView view)
    {
        // Until everything has gone well the slot serves nobody.
        _view = default;
        int rows = view.RowCount;
        int columns = view.PageTableColumns;
        int lengths = RoundUp(Math.Max(1, checked(rows * columns)));
        int offsets = lengths + RoundUp(Math.Max(1, rows));
        int total = checked(offsets + RoundUp(rows + 1));
        Ensure((long)total * sizeof(int));
        Span<int> staging = MemoryMarshal.Cast<byte, int>(_staging!.AsSpan(0, total * sizeof(int)));
        for (int row = 0; row < rows; row++)
        {
            view.PageTableRow(row).CopyTo(staging[(row * columns)..]);
        }

        view.Lengths.CopyTo(staging[lengths..]);
        view.QueryOffsets.CopyTo(staging[offsets..]);
        Copied = device.UploadToStream(new KvCopy(_staging.Address, _memory!.Address, (long)total * sizeof(int)));
        ArrayView<int> all = device.View(_memory.Address, (long)total * sizeof(int)).Cast<int>();
        Tables = new GpuStepTables
        {
            PageTable = all.SubView(0, Math.Max(1, rows * columns)),
            PageTableRowStride = columns,
            Rows = rows,
            Lengths = all.SubView(lengths, Math.Max(1, rows)),
            QueryOffsets = all.SubView(offsets, rows + 1),
        };
        _table = view.PageTableAddress;
        _view = view;
    }

    public void Dispose()
    {
        _memory?.Dispose();
        _staging?.Dispose();
        _memory = null;
        _staging = null;
    }

    private static int RoundUp(int entries) => checked(entries + Alignment - 1) / Alignment * Alignment;

    private void Ensure(long bytes)
    {
        if (_staging is not null && _staging.Length >= bytes)
        {
            return;
        }

        long grown = Math.Max(bytes, Math.Max(4096, 2 * (_staging?.Length ?? 0)));
        Dispose();
        if (!device.TryAllocatePinned(grown, out _staging) || !device.TryAllocate(grown, out _memory))
        {
            Dispose();
            throw new InsufficientMemoryException($"Device \"{device.Name}\" has no {grown} bytes for a step's tables.");
        }
    }
}
