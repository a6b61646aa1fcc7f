using Xunit;

namespace KvCache.Specs.Contract;

/// <content>Addresses, strides, exports.</content>
public abstract partial class KvAllocatorContract
{
    [Fact]
    public void A_view_says_what_the_step_computes()
    {
        CacheFixture cache = Create();
        KvSequence first = cache.Open(Run(0, 9));
        KvSequence second = cache.OpenComputed(Run(50, 6));
        cache.Append(second, 56, 57);
        using KvStep step = cache.Allocator.BeginStep([new KvRow(first, 5), new KvRow(second, 0), new KvRow(cache.Open([]), 0)]);
        for (int layer = 0; layer < cache.Layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            Assert.Equal(layer, view.Layer);
            Assert.Equal(cache.Allocator.Geometry.GroupOf(layer), view.Shape);
            Assert.Equal((3, 5), (view.RowCount, view.TokenCount));
            Assert.Equal([5, 6, 0], view.Lengths.ToArray());
            Assert.Equal([0, 5, 5, 5], view.QueryOffsets.ToArray());
            step.Leave(layer);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void No_two_elements_share_a_byte(int blockTokens)
    {
        CacheFixture cache = Create(new ContractSetup { BlockTokens = blockTokens, BlockCount = 24 });
        KvSequence first = cache.Open(Run(0, 9));
        KvSequence second = cache.Open(Run(50, 7));
        HashSet<nint> bytes = [];
        using KvStep step = cache.Allocator.BeginStep([new KvRow(first, 9), new KvRow(second, 7)]);
        for (int layer = 0; layer < cache.Layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            KvLayerGroup shape = view.Shape;
            for (int row = 0; row < view.RowCount; row++)
            {
                for (int i = 0; i < view.Lengths[row] * shape.KvHeads; i++)
                {
                    (int position, int head) = Math.DivRem(i, shape.KvHeads);
                    AssertNew(bytes, StampedMemory.KeyAddress(view, row, position, head), shape.KeyDim * shape.ElementBytes);
                    AssertNew(bytes, StampedMemory.ValueAddress(view, row, position, head), shape.ValueDim * shape.ElementBytes);
                }
            }

            if (LayersMove)
            {
                step.Leave(layer);
                bytes.Clear();
            }
        }
    }

    [Fact]
    public unsafe void The_addresses_of_table_lengths_and_offsets_lead_to_them()
    {
        CacheFixture cache = Create();
        KvSequence[] sequences = [cache.Open(Run(0, 13)), cache.Open([]), cache.Open(Run(50, 2), reserve: 9)];
        using KvStep step = cache.Allocator.BeginStep([.. sequences.Select((sequence, i) => new KvRow(sequence, Math.Min(2 * i, sequence.Length)))]);
        KvLayerView view = step.Enter(cache.Layers - 1);
        Assert.Equal(view.Lengths, new ReadOnlySpan<int>((int*)view.LengthsAddress, 3));
        Assert.Equal(view.QueryOffsets, new ReadOnlySpan<int>((int*)view.QueryOffsetsAddress, 4));
        Assert.True(view.PageTableRowStride >= view.PageTableColumns);
        for (int row = 0; row < 3; row++)
        {
            int* entries = (int*)view.PageTableAddress + (row * view.PageTableRowStride);
            Assert.Equal(view.PageTableRow(row), new ReadOnlySpan<int>(entries, view.PageTableColumns));
        }

        foreach (int row in (int[])[-1, 3, int.MaxValue])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => step.Enter(0).PageTableRow(row).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => step.Enter(0).UsedPages(row).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => step.Enter(0).TryGetContiguous(row, out _, out _));
        }
    }

    [Fact]
    public void A_contiguous_range_holds_all_positions_of_its_row()
    {
        CacheFixture cache = Create(new ContractSetup { BlockCount = 12 });
        KvSequence straight = cache.OpenComputed(Run(0, 11));
        KvSequence empty = cache.Open([]);
        KvSequence hole = cache.OpenComputed(Run(40, 3));
        KvSequence broken = cache.OpenComputed(Run(60, 3));
        hole.Dispose();
        cache.OpenComputed(Run(80, 3));
        cache.Append(broken, Run(63, 20));
        cache.Compute(broken);
        using KvStep step = cache.Allocator.BeginStep([new KvRow(straight, 0), new KvRow(empty, 0), new KvRow(broken, 0)]);
        for (int layer = 0; layer < cache.Layers; layer++)
        {
            KvLayerView view = step.Enter(layer);
            Assert.False(view.TryGetContiguous(1, out nint none, out nint nothing));
            Assert.Equal((0, 0), (none, nothing));
            AssertContiguous(cache, view, 0, straight);
            AssertContiguous(cache, view, 2, broken);
            step.Leave(layer);
        }
    }

    [Fact]
    public void A_stale_view_throws_whatever_it_is_asked()
    {
        CacheFixture cache = Create();
        KvSequence sequence = cache.Open(Run(0, 3));
        KvStep step = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        KvLayerView view = step.Enter(1);
        step.Complete();
        AssertStaleView(view);
        using KvStep next = cache.Allocator.BeginStep([new KvRow(sequence, 1)]);
        AssertStaleView(view);
        AssertStaleView(default);
    }

    private static void AssertContiguous(CacheFixture cache, in KvLayerView view, int row, KvSequence sequence)
    {
        bool consecutive = true;
        ReadOnlySpan<int> pages = view.UsedPages(row);
        for (int i = 1; i < pages.Length; i++)
        {
            consecutive &= pages[i] == pages[i - 1] + 1;
        }

        Assert.Equal(consecutive, view.TryGetContiguous(row, out nint keys, out nint values));
        ulong[] chain = cache.Chain(sequence);
        for (int position = 0; position < chain.Length && consecutive && cache.Stamped.Remembers; position++)
        {
            KvLayerGroup shape = view.Shape;
            nint key = keys + (nint)(position * view.KeyTokenStride) + (nint)view.KeyHeadStride;
            nint value = values + (nint)(position * view.ValueTokenStride) + (nint)view.ValueHeadStride;
            Assert.True(cache.Stamped.Holds(key, shape.KeyDim * shape.ElementBytes, chain[position], view.Layer, false, 1));
            Assert.True(cache.Stamped.Holds(value, shape.ValueDim * shape.ElementBytes, chain[position], view.Layer, true, 1));
        }
    }

    private static void AssertNew(HashSet<nint> bytes, nint address, int length)
    {
        for (int i = 0; i < length; i++)
        {
            Assert.True(bytes.Add(address + i), $"Byte {address + i} is used twice.");
        }
    }

    private static void AssertStaleView(KvLayerView view)
    {
        foreach (Func<object?> use in (Func<object?>[])
        [
            () => view.Shape, () => view.RowCount, () => view.TokenCount, () => view.TokensPerPage, () => view.KeyBase,
            () => view.ValueBase, () => view.KeyPageStride, () => view.KeyTokenStride, () => view.KeyHeadStride,
            () => view.ValuePageStride, () => view.ValueTokenStride, () => view.ValueHeadStride, () => view.PageTableColumns,
            () => view.PageTableRowStride, () => view.PageTableAddress, () => view.Lengths.Length, () => view.LengthsAddress,
            () => view.QueryOffsets.Length, () => view.QueryOffsetsAddress, () => view.PageTableRow(0).Length,
            () => view.UsedPages(0).Length, () => view.TryGetContiguous(0, out _, out _), () => view.CopySparse(new int[9], new int[9], new int[9]),
        ])
        {
            Assert.Throws<InvalidOperationException>(use);
        }

        Assert.Throws<InvalidOperationException>(() => view.CopyPageTable(new int[9], 3));
        Assert.Throws<InvalidOperationException>(() => view.CopySlotMapping(new long[9]));
    }
}
