using System.Runtime.CompilerServices;
using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Virtual;

/// <summary>The step of a virtual allocator: one page per row, the sequence's slot.</summary>
internal sealed class VirtualStep : StepState
{
    private readonly StepBooks _books;

    public VirtualStep(StepBooks books, GroupMemory memory)
        : this(books, memory, new PageTable())
    {
    }

    private VirtualStep(StepBooks books, GroupMemory memory, PageTable table)
        : base(memory.Device, memory.Layout, memory.Places(table), traffic: null)
    {
        _books = books;
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
        _books.Begin();
        Table.Begin(rows);
    }

    protected override void BeginRow(int row, KvSequence sequence)
    {
        VirtualSequence shown = Unsafe.As<VirtualSequence>(sequence);
        Table.Show(row, shown.Id, ref shown.Page);
    }

    protected override void CompleteRow(KvSequence sequence) => Unsafe.As<VirtualSequence>(sequence).PublishComputed();

    protected override void EndStep(KvFence? fence) => _books.End(fence);
}
