using ILGPU;
using ILGPU.Runtime;
using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.FakeDriver.Tests;

public sealed class MemoryTests : FakeDriverTest
{
    [Fact]
    public void An_arena_is_zeroed_when_it_is_handed_out()
    {
        using KvArena arena = Allocate(5000);
        Assert.False(Now(arena.Address, 5000).ContainsAnyExcept((byte)0));
        Assert.False(arena.CanDecommit);
        Assert.Equal(0, arena.Decommit(0, 5000));
    }

    [Fact]
    public void Exhaustion_is_an_answer_and_leaves_nothing_behind()
    {
        DriverCounts before = FakeDriver.Count();
        Assert.False(Device.TryAllocate(65L << 20, out KvArena? arena));
        Assert.Null(arena);
        Assert.Equal(before, FakeDriver.Count());
        Assert.Equal(0, Device.AllocatedBytes);
    }

    [Fact]
    public void Another_refusal_names_the_function_and_the_code()
    {
        FakeDriver.Fail("cuMemAlloc_v2", 101);
        GpuException refused = Assert.Throws<GpuException>(() => Device.TryAllocate(100, out _));
        Assert.Equal(("cuMemAlloc_v2", 101, "CUDA_ERROR_INVALID_DEVICE"), (refused.Operation, refused.Code, refused.CodeName));
        Assert.Contains("cuMemAlloc_v2", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuMemsetD8Async")]
    [InlineData("cuStreamSynchronize")]
    public void Memory_that_cannot_be_zeroed_is_not_leaked(string function)
    {
        DriverCounts before = FakeDriver.Count();
        FakeDriver.Fail(function, 1);
        Assert.Equal(function, Assert.Throws<GpuException>(() => Device.TryAllocate(100, out _)).Operation);
        FakeDriver.RunEverything();
        Assert.Equal(before with { UsesAfterFree = FakeDriver.Count().UsesAfterFree }, FakeDriver.Count());
    }

    [Fact]
    public void An_arena_is_freed_after_all_work_that_was_submitted_before()
    {
        KvArena arena = Allocate(4096);
        using KvArena other = Allocate(4096);
        KvTransfer transfer = Device.Copy([new KvCopy(other.Address, arena.Address, 4096)]);
        Assert.False(transfer.TryGetResult(out _));
        arena.Dispose();
        Assert.True(transfer.TryGetResult(out bool succeeded));
        Assert.True(succeeded);
        Assert.Equal(0, FakeDriver.Count().UsesAfterFree);
    }

    [Fact]
    public unsafe void Memory_of_somebody_else_is_named_by_its_own_address()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = Device.Accelerator.Allocate1D<int>(100);
        using GpuForeignMemory wrapped = Device.Wrap(buffer.NativePtr, 400);
        Assert.Equal((buffer.NativePtr, 400L), (wrapped.Address, wrapped.Length));
        Assert.Equal(buffer.NativePtr + 40, Device.View(wrapped.Address + 40, 360).LoadEffectiveAddressAsPtr());
        using KvArena arena = Allocate(400);
        Assert.True(Device.Copy([new KvCopy(arena.Address, wrapped.Address, 400)]).Wait());
        Assert.False(Now(wrapped.Address, 400).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Pinned_memory_is_the_drivers()
    {
        int before = FakeDriver.Count().PinnedBlocks;
        GpuPinnedMemory memory = AllocatePinned(100);
        Assert.Equal(before + 1, FakeDriver.Count().PinnedBlocks);
        memory.AsSpan(0, 100).Fill(1);
        memory.Dispose();
        memory.Dispose();
        Assert.Equal(before, FakeDriver.Count().PinnedBlocks);
        FakeDriver.Fail("cuMemHostAlloc", 2);
        Assert.False(Device.TryAllocatePinned(100, out _));
    }

    [Fact]
    public void New_memory_where_forgotten_memory_is_still_known_is_an_error_and_is_not_leaked()
    {
        using GpuForeignMemory everywhere = Device.Wrap(64, long.MaxValue - 64);
        DriverCounts before = FakeDriver.Count();
        Assert.Throws<InvalidOperationException>(() => Device.TryAllocate(1 << 20, out _));
        Assert.Equal(before, FakeDriver.Count());
    }
}
