using KvCache.Paged;
using KvCache.Steps;
using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario22_KernelIndexBuffers
{
    private const int Poison = -77;

    [Fact]
    public void An_export_is_refused_whole_or_written_whole()
    {
        using Stage stage = new(blocks: 20);
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 70));
        using KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, 0)]);
        KvLayerView view = step.Enter(1);

        int[] buffer = Poisoned(4);
        Assert.Throws<ArgumentException>("columns", () => view.CopyPageTable(buffer, 4));
        Assert.Throws<ArgumentException>("destination", () => view.CopyPageTable(buffer, 5));
        Assert.Equal(Poisoned(4), buffer);

        int[] wide = Poisoned(12);
        view.CopyPageTable(wide, 10);
        Assert.Equal([0, 1, 2, 3, 4, -1, -1, -1, -1, -1, Poison, Poison], wide);
    }

    [Fact]
    public void Growing_writes_the_new_entries_alone_and_shrinking_writes_minus_one()
    {
        using Stage stage = new(blocks: 20);
        KvSequence sequence = stage.Prefill(Stage.Tokens(0, 70));
        PageTable table = stage.Allocator.Step.Table;
        Show(stage, sequence);
        table.WholeRow(0)[..5].Fill(Poison);

        Assert.True(sequence.TryReserve(7 * 16, out _));
        Show(stage, sequence);
        Assert.Equal([Poison, Poison, Poison, Poison, Poison, 5, 6, -1], table.WholeRow(0)[..8].ToArray());

        table.WholeRow(0)[5] = Poison;
        ref Blocks.BlockTable blocks = ref ((PagedSequence)sequence).Table;
        stage.Pool.Release(blocks.Blocks[6..]);
        blocks.Shrink(6);
        table.Begin(1);
        table.Show(0, ((PagedSequence)sequence).Id, ref blocks);
        Assert.Equal([Poison, Poison, Poison, Poison, Poison, Poison, -1, -1], table.WholeRow(0)[..8].ToArray());

        Repair(table, sequence);
        sequence.Truncate(70);
    }

    [Fact]
    public void A_block_replaced_by_copy_on_write_or_as_a_duplicate_shows_in_the_next_step()
    {
        using Stage stage = new(blocks: 20);
        KvSequence a = stage.Prefill(Stage.Tokens(0, 20));
        KvSequence b = stage.Open(Stage.Tokens(0, 16));
        stage.Compute(a, b);
        Assert.Equal([0], Shown(stage, b)[..1]);

        Assert.True(a.TryFork(20, out KvSequence? fork, out _));
        Assert.Equal([0, 1], Shown(stage, fork)[..2]);
        Assert.True(fork.TryAppend([99], out _));
        Assert.NotEqual(1, Stage.Blocks(fork)[1]);
        Assert.Equal(Stage.Blocks(fork), Shown(stage, fork)[..2]);
    }

    [Fact]
    public void A_row_shows_its_present_sequence_whatever_stood_there_before()
    {
        using Stage stage = new(blocks: 20);
        KvSequence a = stage.Prefill(Stage.Tokens(0, 70));
        KvSequence b = stage.Prefill(Stage.Tokens(100, 20));
        foreach (KvSequence[] order in new KvSequence[][] { [a, b], [b, a], [b], [a], [a, b] })
        {
            using KvStep step = stage.Allocator.BeginStep([.. order.Select(sequence => new KvRow(sequence, 0))]);
            KvLayerView view = step.Enter(0);
            for (int row = 0; row < order.Length; row++)
            {
                int[] blocks = Stage.Blocks(order[row]);
                Assert.Equal(blocks, view.PageTableRow(row)[..blocks.Length].ToArray());
                Assert.False(view.PageTableRow(row)[blocks.Length..].ContainsAnyExcept(-1));
                Assert.Equal(blocks, view.UsedPages(row).ToArray());
            }

            Assert.Equal(order.Max(sequence => Stage.Blocks(sequence).Length), view.PageTableColumns);
        }
    }

    private static int[] Poisoned(int length) => [.. Enumerable.Repeat(Poison, length)];

    private static void Show(Stage stage, KvSequence sequence) => Shown(stage, sequence);

    private static int[] Shown(Stage stage, KvSequence sequence)
    {
        using KvStep step = stage.Allocator.BeginStep([new KvRow(sequence, 0)]);
        return step.Enter(0).PageTableRow(0).ToArray();
    }

    private static void Repair(PageTable table, KvSequence sequence) =>
        ((PagedSequence)sequence).Table.Blocks.CopyTo(table.WholeRow(0));
}
