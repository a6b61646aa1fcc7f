using KvCache.Memory;
using Xunit;

namespace KvCache.Tests.Memory;

public class DryDeviceTests
{
    [Fact]
    public void Ranges_are_aligned_disjoint_and_never_used_again()
    {
        DryDevice device = new();
        List<(long First, long End)> ranges = [];
        foreach (long bytes in new[] { 1L, 64, 2 << 20, (2 << 20) + 1, 1L << 40, 3 })
        {
            Assert.True(device.TryAllocate(bytes, out KvArena? arena));
            Assert.Equal(0, arena.Address % 64);
            Assert.All(ranges, range => Assert.True(arena.Address >= range.End || arena.Address + bytes <= range.First));
            ranges.Add((arena.Address, arena.Address + bytes));
            arena.Dispose();
        }
    }

    [Fact]
    public void Bytes_are_counted_against_the_capacity_and_come_back_once()
    {
        DryDevice device = new(1000);
        Assert.True(device.TryAllocate(600, out KvArena? first));
        Assert.False(device.TryAllocate(401, out KvArena? refused));
        Assert.Null(refused);
        Assert.True(device.TryAllocate(400, out KvArena? second));
        Assert.Equal(1000, device.AllocatedBytes);
        first.Dispose();
        first.Dispose();
        Assert.Equal(400, device.AllocatedBytes);
        Assert.False(device.TryAllocate(601, out _));
        Assert.True(device.TryAllocate(600, out _));
        second.Dispose();
        Assert.Equal(600, device.AllocatedBytes);
    }

    [Fact]
    public void Absurd_sizes_are_refused_and_bad_ones_are_errors()
    {
        DryDevice device = new();
        Assert.False(device.TryAllocate(long.MaxValue, out _));
        Assert.Throws<ArgumentOutOfRangeException>("bytes", () => device.TryAllocate(0, out _));
        Assert.Throws<ArgumentOutOfRangeException>("capacityBytes", () => new DryDevice(0));
        Assert.Equal(0, device.AllocatedBytes);
    }

    [Fact]
    public void Copies_fences_and_decommits_succeed_without_bytes()
    {
        DryDevice device = new();
        Assert.True(device.TryAllocate(100, out KvArena? arena));
        Assert.True(device.Copy([new KvCopy(arena.Address, arena.Address + 50, 50)]).Wait());
        Assert.True(device.RecordFence().HasPassed);
        Assert.True(arena.CanDecommit);
        Assert.Equal(70, arena.Decommit(10, 70));
        Assert.Equal(("dry", false), (device.Name, device.HasMemory));
    }
}
