using System.Runtime.CompilerServices;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Paged;

/// <summary>The step of a paged allocator: all layers share one page table and stay on the device.</summary>
internal class PagedStep : StepState
{
    private readonly PagedLedger _ledger;

    public PagedStep(PagedMemory memory, PagedLedger ledger, IKvDevice device)
        : this(memory, ledger, device, new PageTable())
    {
    }

    private PagedStep(PagedMemory memory, PagedLedger ledger, IKvDevice device, PageTable table)
        : this(memory.Layout, memory.Places(table), ledger, device, table, traffic: null)
    {
    }

    protected PagedStep(
        PageLayout layout, LayerPlace[] places, PagedLedger ledger, IKvDevice device, PageTable table, ILayerTraffic? traffic)
        : base(device, layout, places, traffic)
    {
        _ledger = ledger;
        Table = table;
    }

    public PageTable Table { get; }

    /// <summary>Ends the step, if one is open, without committing anything.</summary>
    public void Abandon()
    {
        if (IsOpen)
        {
            End(completed: false, fence: null);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        Table.Dispose();
    }

    protected override void BeginRows(int rows)
    {
        _ledger.BeginStep();
        Table.Begin(rows);
    }

    protected override void BeginRow(int row, KvSequence sequence)
    {
        PagedSequence paged = Unsafe.As<PagedSequence>(sequence);
        Table.Show(row, paged.Id, ref paged.Table);
    }

    protected override void CompleteRow(KvSequence sequence) => Unsafe.As<PagedSequence>(sequence).PublishComputed();

    protected override void EndStep(KvFence? fence) => _ledger.EndStep(fence ?? Device.RecordFence());
}
