using System.Runtime.CompilerServices;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Paged;

/// <summary>The step of a paged allocator: every layer has the same page table, so entering and leaving cost nothing.</summary>
internal sealed class PagedStep(PagedMemory memory, PagedLedger ledger, IKvDevice device)
    : StepState(memory.Layout)
{
    private readonly (nint Keys, nint Values)[] _bases =
        [.. Enumerable.Range(0, memory.LayerCount).Select(layer => (memory.KeyBase(layer), memory.ValueBase(layer)))];

    public PageTable Table { get; } = new();

    public override KvLayerView Enter(int layer)
    {
        Throw.IfNotIndex(layer, _bases.Length);
        ref (nint Keys, nint Values) bases = ref _bases[layer];
        return new KvLayerView(this, Table, layer, bases.Keys, bases.Values);
    }

    public override void Leave(int layer) => Throw.IfNotIndex(layer, _bases.Length);

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
        ledger.BeginStep();
        Table.Begin(rows);
    }

    protected override void BeginRow(int row, KvSequence sequence)
    {
        PagedSequence paged = Unsafe.As<PagedSequence>(sequence);
        Table.Show(row, paged.Id, ref paged.Table);
    }

    protected override void CompleteRow(KvSequence sequence) => Unsafe.As<PagedSequence>(sequence).PublishComputed();

    protected override void EndStep(KvFence? fence) => ledger.EndStep(fence ?? device.RecordFence());
}
