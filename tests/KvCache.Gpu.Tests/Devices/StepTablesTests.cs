using ILGPU;
using KvCache.Memory;
using KvCache.Specs;
using Xunit;

namespace KvCache.Gpu.Tests.Devices;

public sealed class StepTablesTests : IDisposable
{
    private readonly GpuDevice _device = GpuDevice.Open(GpuDeviceKind.CpuAccelerator);

    [Fact]
    public void The_devices_tables_say_what_the_view_says()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup { BlockCount = 64 }, _device);
        KvSequence[] sequences = [Open(allocator, 1, 9), Open(allocator, 100, 1), Open(allocator, 200, 30), Open(allocator, 300, 4)];
        KvRow[] rows = [new(sequences[2], 30), new(sequences[0], 3), new(sequences[1], 1), new(sequences[3], 0)];
        using KvStep step = allocator.BeginStep(rows);
        AssertEqual(step.Enter(0), _device.Upload(step.Enter(0)));
    }

    [Fact]
    public void A_step_without_rows_has_tables_too()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), _device);
        using KvStep step = allocator.BeginStep([]);
        AssertEqual(step.Enter(0), _device.Upload(step.Enter(0)));
    }

    [Fact]
    public void Layers_that_share_a_page_table_share_an_upload()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), _device);
        KvSequence sequence = Open(allocator, 1, 9);
        for (int count = 1; count <= 3; count++)
        {
            using KvStep step = allocator.BeginStep([new KvRow(sequence, count)]);
            for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
            {
                AssertEqual(step.Enter(layer), _device.Upload(step.Enter(layer)));
            }

            step.Complete();
            Assert.Equal(count, _device.Tables.Uploads);
        }

        Assert.Equal(1, _device.Tables.Slots);
    }

    [Fact]
    public void Allocators_whose_steps_are_open_at_one_time_have_a_table_each()
    {
        IKvAllocator[] allocators = [.. Enumerable.Range(0, 5).Select(_ => PagedAllocators.Create(new ContractSetup(), _device))];
        KvSequence[] sequences = [.. allocators.Select((allocator, i) => Open(allocator, 1, 5 + i))];
        for (int round = 0; round < 3; round++)
        {
            KvStep[] steps = [.. allocators.Select((allocator, i) => allocator.BeginStep([new KvRow(sequences[i], 1)]))];
            KvLayerView[] views = [.. steps.Select(step => step.Enter(1))];
            GpuStepTables[] tables = [.. views.Select(_device.Upload)];
            for (int i = 0; i < views.Length; i++)
            {
                AssertEqual(views[i], tables[i]);
                AssertEqual(views[i], _device.Upload(views[i]));
                steps[i].Complete();
            }
        }

        Assert.Equal((15, 5), (_device.Tables.Uploads, _device.Tables.Slots));
        Array.ForEach(allocators, allocator => allocator.Dispose());
    }

    [Fact]
    public void Tables_grow_with_the_batch()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup { BlockCount = 4096 }, _device);
        List<KvSequence> sequences = [];
        for (int rows = 1; rows <= 200; rows = (rows * 2) + 1)
        {
            while (sequences.Count < rows)
            {
                sequences.Add(Open(allocator, 1000 * sequences.Count, 1 + sequences.Count));
            }

            using KvStep step = allocator.BeginStep([.. sequences.Select(sequence => new KvRow(sequence, 0))]);
            AssertEqual(step.Enter(0), _device.Upload(step.Enter(0)));
        }

        Assert.Equal(1, _device.Tables.Slots);
    }

    [Fact]
    public void Steady_decoding_allocates_nothing()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup { BlockCount = 256, PrefixCaching = false }, _device);
        KvRow[] rows = [.. Enumerable.Range(0, 8).Select(i => new KvRow(Open(allocator, 1000 * i, 64), 1))];
        Decode(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Decode(40);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(60, _device.Tables.Uploads);

        void Decode(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                using KvStep step = allocator.BeginStep(rows);
                for (int layer = 0; layer < allocator.Geometry.LayerCount; layer++)
                {
                    _device.Upload(step.Enter(layer));
                    step.Leave(layer);
                }

                step.Complete();
                _device.RecordFence();
            }
        }
    }

    [Fact]
    public void A_stale_view_has_no_tables()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), _device);
        KvStep step = allocator.BeginStep([new KvRow(Open(allocator, 1, 5), 5)]);
        KvLayerView view = step.Enter(0);
        _device.Upload(view);
        step.Complete();
        Assert.False(view.IsCurrent);
        Assert.Throws<InvalidOperationException>(() => _device.Upload(view));
        Assert.Throws<InvalidOperationException>(() => _device.Upload(default));
    }

    [Fact]
    public void Steps_have_numbers_that_no_other_step_has()
    {
        HashSet<long> numbers = [];
        using IKvAllocator first = PagedAllocators.Create(new ContractSetup(), _device);
        using IKvAllocator second = PagedAllocators.Create(new ContractSetup(), HostDevice.Instance);
        for (int i = 0; i < 10; i++)
        {
            using KvStep one = first.BeginStep([]);
            using KvStep other = second.BeginStep([]);
            Assert.True(numbers.Add(one.Enter(0).StepNumber));
            Assert.True(numbers.Add(other.Enter(1).StepNumber));
            Assert.Equal(one.Enter(0).StepNumber, one.Enter(1).StepNumber);
        }

        Assert.DoesNotContain(0, numbers);
        Assert.Equal(0, default(KvLayerView).StepNumber);
        Assert.False(default(KvLayerView).IsCurrent);
    }

    public void Dispose()
    {
        _device.Dispose();
        Assert.Equal((0, 0), (_device.AllocatedBytes, _device.PinnedBlocks));
    }

    private static KvSequence Open(IKvAllocator allocator, int first, int tokens)
    {
        Assert.True(allocator.TryOpen([.. Enumerable.Range(first, tokens)], null, 0, out KvSequence? sequence, out _));
        return sequence;
    }

    private static void AssertEqual(KvLayerView view, GpuStepTables tables)
    {
        Assert.Equal(view.RowCount, tables.Rows);
        Assert.Equal(view.PageTableColumns, tables.PageTableRowStride);
        for (int row = 0; row < view.RowCount; row++)
        {
            Assert.Equal(view.Lengths[row], tables.Lengths[row]);
            for (int column = 0; column < view.PageTableColumns; column++)
            {
                Assert.Equal(view.PageTableRow(row)[column], tables.PageTable[(row * tables.PageTableRowStride) + column]);
            }
        }

        for (int i = 0; i <= view.RowCount; i++)
        {
            Assert.Equal(view.QueryOffsets[i], tables.QueryOffsets[i]);
        }
    }
}
