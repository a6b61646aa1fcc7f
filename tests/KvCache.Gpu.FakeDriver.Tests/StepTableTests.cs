using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Tests.Devices;
using KvCache.Memory;
using KvCache.Specs;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

/// <summary>A step's tables on a device that runs late.</summary>
public sealed class StepTableTests : FakeDriverTest
{
    [Fact]
    public void A_later_step_does_not_overwrite_what_an_earlier_ones_kernels_have_yet_to_read()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), Device);
        Assert.True(allocator.TryOpen([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], null, 0, out KvSequence? sequence, out _));

        // Nothing runs yet: three steps are submitted one after the other.
        GpuStepTables[] tables = new GpuStepTables[3];
        KvFence[] fences = new KvFence[3];
        for (int i = 0; i < 3; i++)
        {
            using KvStep step = allocator.BeginStep([new KvRow(sequence, i + 2)]);
            tables[i] = Device.Upload(step.Enter(0));
            step.Complete();
            fences[i] = Device.RecordFence();
        }

        // Each step's kernels would run here, between its upload and its fence.
        int[] lengths = [2, 5, 9];
        for (int i = 0; i < 3; i++)
        {
            Assert.False(fences[i].HasPassed);
            fences[i].Wait();
            Assert.Equal(lengths[i], Read(tables[i].Lengths, 0));
            Assert.Equal([0, i + 2], [Read(tables[i].QueryOffsets, 0), Read(tables[i].QueryOffsets, 1)]);
        }
    }

    [Fact]
    public void Uploads_of_a_thread_that_runs_ahead_are_bounded()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup { BlockCount = 64 }, Device);
        Assert.True(allocator.TryOpen([.. Enumerable.Range(0, 100)], null, 0, out KvSequence? sequence, out _));
        for (int i = 0; i < 100; i++)
        {
            using KvStep step = allocator.BeginStep([new KvRow(sequence, 1)]);
            Device.Upload(step.Enter(0));
            step.Complete();
        }

        Assert.Equal(100, Device.Tables.Uploads);
        Assert.InRange(Device.Tables.Slots, 2, 9);
    }

    [Fact]
    public void A_refused_upload_is_an_error_that_names_the_driver_and_can_be_tried_again()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup(), Device);
        Assert.True(allocator.TryOpen([1, 2, 3], null, 0, out KvSequence? sequence, out _));
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 3)]);
        KvLayerView view = step.Enter(0);
        FakeDriver.Fail("cuMemcpyHtoDAsync_v2", 1);
        Assert.Equal("cuMemcpyHtoDAsync_v2", Assert.Throws<GpuException>(() => Device.Upload(view)).Operation);
        GpuStepTables tables = Device.Upload(view);
        Device.RecordFence().Wait();
        Assert.Equal(3, Read(tables.Lengths, 0));
    }

    [Fact]
    public void Memory_of_a_closed_sequence_waits_for_the_device()
    {
        using IKvAllocator allocator = PagedAllocators.Create(new ContractSetup { BlockCount = 1 }, Device);
        Assert.True(allocator.TryOpen([1, 2], null, 0, out KvSequence? sequence, out _));
        using (KvStep step = allocator.BeginStep([new KvRow(sequence, 2)]))
        {
            Device.Upload(step.Enter(0));
            step.Complete();
        }

        sequence.Dispose();
        Assert.Equal(1, allocator.Usage.InTransferBlocks);
        Assert.False(allocator.TryOpen([3], null, 0, out _, out KvRefusal refusal));
        Assert.Equal(KvRefusal.OutOfDeviceMemory, refusal);
        FakeDriver.RunEverything();
        Assert.True(allocator.TryOpen([3], null, 0, out _, out _));
    }

    private static unsafe int Read(ArrayView<int> view, int index) =>
        ((int*)view.LoadEffectiveAddressAsPtr())[index];
}
