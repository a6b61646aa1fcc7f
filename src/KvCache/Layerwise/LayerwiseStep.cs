using System.Runtime.CompilerServices;
using KvCache.Memory;
using KvCache.Paged;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>The step of an allocator whose layers move: the books' page table, and one of its own for every layer.</summary>
internal sealed class LayerwiseStep : PagedStep
{
    private readonly LayerMemory _memory;
    private readonly LayerRows _rows;
    private readonly LayerMover _mover;

    private LayerwiseStep(LayerMemory memory, PagedKvAllocator books, PageTable table, LayerRows rows, LayerMover mover)
        : base(memory.Layout, memory.Places(mover.Layers), books.Ledger, memory.Device, table, mover)
    {
        _memory = memory;
        _rows = rows;
        _mover = mover;
    }

    public static LayerwiseStep Create(LayerwiseKvAllocatorOptions options, LayerMemory memory, PagedKvAllocator books)
    {
        PageTable table = new();
        LayerRows rows = new(table, options.BlockTokens);
        return new LayerwiseStep(memory, books, table, rows, new LayerMover(options, memory, books, rows));
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (StepLayer layer in _mover.Layers)
        {
            layer.Table.Dispose();
        }
    }

    protected override void BeginRows(int rows)
    {
        _memory.Retention.BeforeStep();
        _memory.Retention.Members.Begin(rows);
        base.BeginRows(rows);
        _rows.Begin(rows);
    }

    protected override void BeginRow(int row, KvSequence sequence)
    {
        PagedSequence own = Unsafe.As<PagedSequence>(sequence);
        _memory.Retention.Members.Add(own.Kept!);
        _rows.Set(row, own, Lengths[row]);
        base.BeginRow(row, sequence);
    }

    protected override void Begun() => _mover.Begin();

    protected override void CheckElsewhere() => _mover.CheckElsewhere();

    protected override void EndStep(KvFence? fence)
    {
        _mover.End(fence);
        base.EndStep(fence);
    }
}
