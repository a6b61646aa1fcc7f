using System.Diagnostics.CodeAnalysis;
using ILGPU;

namespace KvCache.Gpu;

/// <summary>A step's page table, lengths and query offsets in a device's memory, for kernels that read a <see cref="KvLayerView"/>.</summary>
/// <remarks>
/// For kernels submitted to the device's <see cref="GpuDevice.Stream"/> while the step is open; they may run after it has ended. A
/// kernel on another stream must be ordered before the stream's later work.
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A kernel's arguments; two of them are never compared.")]
public readonly struct GpuStepTables
{
    /// <summary>Gets the page table: row r's page for column c is at <c>r × PageTableRowStride + c</c>; unused tail −1.</summary>
    /// <value>Rows × <see cref="PageTableRowStride"/> entries; one meaningless entry where there are none.</value>
    public ArrayView<int> PageTable { get; init; }

    /// <summary>Gets the entries from a row of the page table to the next; its columns, that is the pages of the row that has most.</summary>
    /// <remarks>The device's table is packed: this is not <see cref="KvLayerView.PageTableRowStride"/>.</remarks>
    public int PageTableRowStride { get; init; }

    /// <summary>Gets the number of rows.</summary>
    public int Rows { get; init; }

    /// <summary>Gets each row's length in tokens, those of the step included: one entry per row.</summary>
    public ArrayView<int> Lengths { get; init; }

    /// <summary>Gets where each row's queries begin, and after the last row their number: rows + 1 entries.</summary>
    public ArrayView<int> QueryOffsets { get; init; }
}
