using FsCheck;
using FsCheck.Xunit;
using KvCache.Blocks;
using KvCache.Steps;
using Xunit;

namespace KvCache.Tests.Ledger;

/// <summary>The table that is kept up equals the one a naive rebuild would give.</summary>
public class PageTableProperties
{
    private const int Sequences = 9;

    [Property(MaxTest = 100, StartSize = 50, EndSize = 600, Replay = "20240602,99")]
    public void Whatever_happens_between_steps_the_rows_show_the_tables(NonNegativeInt[] script)
    {
        using PageTable subject = new();
        BlockTable[] tables = new BlockTable[Sequences];
        for (int i = 0; i < Sequences; i++)
        {
            tables[i] = new BlockTable();
        }

        foreach (NonNegativeInt number in script)
        {
            Random random = new(number.Get);
            for (int change = random.Next(4); change > 0; change--)
            {
                Change(ref tables[random.Next(Sequences)], random);
            }

            int[] order = [.. Enumerable.Range(0, Sequences)];
            if (random.Next(3) == 0)
            {
                random.Shuffle(order);
            }

            Step(subject, tables, order.AsSpan(0, random.Next(Sequences + 1)));
        }
    }

    private static void Change(ref BlockTable table, Random random)
    {
        switch (random.Next(4))
        {
            case 0 when table.Count > 0:
                table.Shrink(random.Next(table.Count + 1));
                break;
            case 1 when table.Count > 0:
                table.Replace(random.Next(table.Count), random.Next(1000));
                break;
            default:
                foreach (ref int block in table.Extend(random.Next(random.Next(2) == 0 ? 3 : 30)))
                {
                    block = random.Next(1000);
                }

                break;
        }
    }

    private static void Step(PageTable subject, BlockTable[] tables, ReadOnlySpan<int> order)
    {
        subject.Begin(order.Length);
        for (int row = 0; row < order.Length; row++)
        {
            subject.Show(row, 1 + order[row], ref tables[order[row]]);
        }

        int columns = 0;
        foreach (int sequence in order)
        {
            columns = Math.Max(columns, tables[sequence].Count);
        }

        Assert.Equal(columns, subject.Columns);
        for (int row = 0; row < order.Length; row++)
        {
            int[] naive = new int[columns];
            naive.AsSpan().Fill(-1);
            tables[order[row]].Blocks.CopyTo(naive);
            Assert.Equal(naive, subject.Row(row).ToArray());
            Assert.False(subject.WholeRow(row)[columns..].ContainsAnyExcept(-1));
        }
    }
}
