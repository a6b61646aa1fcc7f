using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

public sealed class FenceTests : FakeDriverTest
{
    [Fact]
    public void Fences_pass_in_order_one_by_one()
    {
        KvFence[] fences = [.. Enumerable.Range(0, 50).Select(_ => Device.RecordFence())];
        for (int passed = 0; passed < fences.Length; passed++)
        {
            Assert.Equal(passed, fences.Count(fence => fence.HasPassed));
            FakeDriver.Run(Stream, 1);
        }

        Assert.All(fences, fence => Assert.True(fence.HasPassed));
    }

    [Fact]
    public void Waiting_for_one_leaves_later_ones_pending()
    {
        KvFence[] fences = [.. Enumerable.Range(0, 5).Select(_ => Device.RecordFence())];
        fences[2].Wait();
        Assert.Equal([true, true, true, false, false], fences.Select(fence => fence.HasPassed));
    }

    [Fact]
    public void Events_are_used_again()
    {
        int before = FakeDriver.Count().Events;
        for (int i = 0; i < 1000; i++)
        {
            Device.RecordFence().Wait();
        }

        Assert.True(FakeDriver.Count().Events - before <= 16, $"{FakeDriver.Count().Events - before} events for one fence at a time.");
    }

    [Fact]
    public void Steady_recording_allocates_nothing_on_the_managed_heap()
    {
        Run(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run(int steps)
        {
            KvFence last = default;
            for (int i = 0; i < steps; i++)
            {
                KvFence fence = Device.RecordFence();
                last.Wait();
                last = fence;
            }
        }
    }

    [Fact]
    public void A_fence_that_was_never_issued_is_an_error()
    {
        KvFence fence = Device.RecordFence();
        KvFence future = fence with { Ticket = fence.Ticket + 1 };
        Assert.False(future.HasPassed);
        Assert.Throws<ArgumentOutOfRangeException>("ticket", future.Wait);
    }

    [Fact]
    public void Following_a_fence_of_another_device_blocks_the_thread()
    {
        using GpuDevice other = GpuDevice.Open(GpuDeviceKind.Cuda);
        KvFence fence = other.RecordFence();
        Device.Follow(fence);
        Assert.True(fence.HasPassed);
    }

    [Fact]
    public void Threads_record_and_wait_beside_one_another()
    {
        Parallel.For(0, 4, _ =>
        {
            KvFence last = default;
            for (int i = 0; i < 2000; i++)
            {
                KvFence fence = Device.RecordFence();
                if (i % 3 == 0)
                {
                    fence.Wait();
                    Assert.True(fence.HasPassed);
                    Assert.True(last.HasPassed);
                }

                last = fence;
            }
        });
    }
}
