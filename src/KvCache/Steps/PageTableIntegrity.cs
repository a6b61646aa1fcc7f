using KvCache.Blocks;

namespace KvCache.Steps;

/// <summary>Proves that a page table shows what the sequences in its rows hold.</summary>
internal sealed class PageTableIntegrity(PageTable table, Action<string> report)
{
    public void Check()
    {
        for (int row = 0; row < table.Rows.Length; row++)
        {
            int count = table.Rows[row].Count;
            Expect(!table.WholeRow(row)[count..].ContainsAnyExcept(-1), $"Row {row} of the page table has entries beyond its {count} pages.");
        }
    }

    /// <summary>Compares a sequence's blocks with the row that shows it, where one does.</summary>
    public void CheckShown(long sequence, ref BlockTable blocks)
    {
        for (int row = 0; row < table.Rows.Length; row++)
        {
            (long shown, int count) = table.Rows[row];
            if (shown == sequence && blocks.ShownRow == row)
            {
                int same = Math.Min(count, blocks.FirstChanged);
                Expect(
                    table.WholeRow(row)[..same].SequenceEqual(blocks.Blocks[..same]),
                    $"Row {row} of the page table differs from the blocks of sequence {sequence}.");
            }
        }
    }

    private void Expect(bool holds, string fault)
    {
        if (!holds)
        {
            report(fault);
        }
    }
}
