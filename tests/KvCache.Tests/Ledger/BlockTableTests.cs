using KvCache.Blocks;
using Xunit;

namespace KvCache.Tests.Ledger;

public class BlockTableTests
{
    [Fact]
    public void It_grows_beyond_its_first_array_and_keeps_what_it_had()
    {
        BlockTable table = new();
        for (int i = 0; i < 100; i++)
        {
            table.Extend(1)[0] = i * 3;
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 3), table.Blocks.ToArray());
        Assert.Equal((100, 297), (table.Count, table[99]));
        table.Free();
        Assert.Equal(0, table.Count);
        table.Free();
        table.Extend(2).Fill(7);
        Assert.Equal([7, 7], table.Blocks.ToArray());
        table.Free();
    }

    [Fact]
    public void The_lowest_change_since_the_last_showing_is_remembered()
    {
        BlockTable table = new();
        Assert.Equal((0, -1), (table.FirstChanged, table.ShownRow));
        table.Extend(5).Clear();
        table.MarkShown(3);
        Assert.Equal((5, 3), (table.FirstChanged, table.ShownRow));
        table.Extend(2).Clear();
        Assert.Equal(5, table.FirstChanged);
        table.Replace(6, 1);
        Assert.Equal(5, table.FirstChanged);
        table.Replace(2, 9);
        Assert.Equal(2, table.FirstChanged);
        table.MarkShown(3);
        table.Shrink(4);
        Assert.Equal((4, 4), (table.FirstChanged, table.Count));
        table.Extend(1).Clear();
        Assert.Equal(4, table.FirstChanged);
        table.Free();
        Assert.Equal(0, table.FirstChanged);
    }
}
