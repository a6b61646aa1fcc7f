using Xunit;

namespace KvCache.Specs.Contract;

/// <content>What engines copy out for kernels of their own.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void Exports_equal_a_straightforward_reading_of_the_table()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 40 });
        using KvStep step = BeginMixedStep(cache);
        KvLayerView view = step.Enter(0);
        int rows = view.RowCount;
        int columns = Enumerable.Range(0, rows).Max(row => step.Enter(0).UsedPages(row).Length) + 2;
        int[] table = new int[rows * columns];
        view.CopyPageTable(table, columns);
        List<int> indices = [];
        List<int> offsets = [0];
        List<int> lastLengths = [];
        List<long> slots = [];
        for (int row = 0; row < rows; row++)
        {
            int length = view.Lengths[row];
            int pages = (length + view.TokensPerPage - 1) / view.TokensPerPage;
            Assert.Equal(pages, view.UsedPages(row).Length);
            for (int column = 0; column < columns; column++)
            {
                Assert.Equal(column < pages ? view.PageTableRow(row)[column] : -1, table[(row * columns) + column]);
            }

            indices.AddRange(view.PageTableRow(row)[..pages]);
            offsets.Add(indices.Count);
            lastLengths.Add(length == 0 ? 0 : ((length - 1) % view.TokensPerPage) + 1);
            int count = view.QueryOffsets[row + 1] - view.QueryOffsets[row];
            for (int position = length - count; position < length; position++)
            {
                slots.Add(((long)view.PageTableRow(row)[position / view.TokensPerPage] * view.TokensPerPage) + (position % view.TokensPerPage));
            }
        }

        int[] sparseOffsets = new int[rows + 1];
        int[] sparseIndices = new int[indices.Count];
        int[] sparseLengths = new int[rows];
        Assert.Equal(indices.Count, view.CopySparse(sparseOffsets, sparseIndices, sparseLengths));
        Assert.Equal(offsets, sparseOffsets);
        Assert.Equal(indices, sparseIndices);
        Assert.Equal(lastLengths, sparseLengths);
        long[] mapping = new long[view.TokenCount];
        view.CopySlotMapping(mapping);
        Assert.Equal(slots, mapping);
    }

    [Fact]
    public void A_destination_that_is_too_short_receives_nothing()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 40 });
        using KvStep step = BeginMixedStep(cache);
        KvLayerView view = step.Enter(0);
        int rows = view.RowCount;
        int total = Enumerable.Range(0, rows).Sum(row => step.Enter(0).UsedPages(row).Length);
        int columns = Enumerable.Range(0, rows).Max(row => step.Enter(0).UsedPages(row).Length);
        AssertUntouched<ArgumentException>((rows * columns) - 1, table => step.Enter(0).CopyPageTable(table, columns));
        AssertUntouched<ArgumentException>(1000, table => step.Enter(0).CopyPageTable(table, columns - 1));
        AssertUntouched<ArgumentException>(1000, table => step.Enter(0).CopyPageTable(table, -1));
        AssertUntouched<ArgumentException>(rows, offsets => step.Enter(0).CopySparse(offsets, new int[total], new int[rows]));
        AssertUntouched<ArgumentException>(total - 1, indices => step.Enter(0).CopySparse(new int[rows + 1], indices, new int[rows]));
        AssertUntouched<ArgumentException>(rows - 1, lengths => step.Enter(0).CopySparse(new int[rows + 1], new int[total], lengths));
        AssertUntouched<ArgumentException>(1000, offsets => step.Enter(0).CopySparse(offsets, new int[total], new int[rows - 1]));
        long[] slots = new long[view.TokenCount - 1];
        Array.Fill(slots, -7);
        Assert.Throws<ArgumentException>(() => step.Enter(0).CopySlotMapping(slots));
        Assert.All(slots, slot => Assert.Equal(-7, slot));
    }

    private static KvStep BeginMixedStep(CacheFixture cache)
    {
        KvSequence first = cache.Open(Run(0, 13));
        cache.Compute(first, 6);
        KvSequence second = cache.OpenComputed(Run(50, 8));
        KvSequence third = cache.Open(Run(0, 9), reserve: 25);
        cache.Append(first, Run(13, 9));
        return cache.Allocator.BeginStep(
        [
            new KvRow(first, 11), new KvRow(cache.Open([]), 0), new KvRow(second, 0),
            new KvRow(third, third.Length - third.ComputedLength), new KvRow(cache.Open([70]), 1), new KvRow(cache.Open([71]), 0),
        ]);
    }

    private static void AssertUntouched<TException>(int length, Action<int[]> export)
        where TException : Exception
    {
        int[] destination = new int[length];
        Array.Fill(destination, -7);
        Assert.Throws<TException>(() => export(destination));
        Assert.All(destination, entry => Assert.Equal(-7, entry));
    }
}
