using ILGPU;
using ILGPU.Runtime;
using KvCache.Memory;
using Xunit;

namespace KvCache.Gpu.Tests.Devices;

/// <summary>What a device does, whatever drives it.</summary>
public abstract class GpuDeviceContract : IDisposable
{
    private const int Unit = 4096;
    private readonly List<IDisposable> _owned = [];
    private GpuDevice? _device;
    private long _allocatedBefore;

    protected abstract GpuDeviceKind Kind { get; }

    private GpuDevice Device
    {
        get
        {
            if (_device is null)
            {
                _device = SharedDevices.Find(Kind);
                _allocatedBefore = _device.AllocatedBytes;
            }

            return _device;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(4096)]
    [InlineData(1_000_001)]
    public void An_arena_is_aligned_zeroed_and_writable_to_its_last_byte(int bytes)
    {
        KvArena arena = Allocate(bytes);
        Assert.Equal((bytes, 0), (arena.Length, arena.Address % 64));
        byte[] content = Read(arena.Address, bytes);
        Assert.DoesNotContain(content, value => value != 0);
        Array.Fill(content, (byte)0xAB);
        Write(arena.Address, content);
        Assert.Equal(content, Read(arena.Address, bytes));
    }

    [Theory]
    [InlineData(1L << 60)]
    [InlineData(long.MaxValue)]
    public void Absurd_sizes_are_refused(long bytes)
    {
        Assert.False(Device.TryAllocate(bytes, out KvArena? arena));
        Assert.Null(arena);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Sizes_below_one_are_errors(long bytes)
    {
        GpuDevice device = Device;
        Assert.Throws<ArgumentOutOfRangeException>(nameof(bytes), () => device.TryAllocate(bytes, out _));
        Assert.Throws<ArgumentOutOfRangeException>(nameof(bytes), () => device.TryAllocatePinned(bytes, out _));
    }

    [Fact]
    public void A_kernel_writes_where_a_view_says()
    {
        KvArena before = Allocate(Unit);
        KvArena arena = Allocate(Unit);
        KvArena after = Allocate(Unit);
        Count(arena.Address + 400, 100, 1000);
        int[] written = ReadInts(arena.Address + 400, 100);
        Assert.Equal(Enumerable.Range(1000, 100), written);
        Assert.Equal(100, ReadInts(arena.Address, Unit / 4).Count(value => value != 0));
        Assert.DoesNotContain(Read(before.Address, Unit), value => value != 0);
        Assert.DoesNotContain(Read(after.Address, Unit), value => value != 0);
    }

    [Fact]
    public void Views_end_where_memory_ends()
    {
        KvArena arena = Allocate(Unit);
        Assert.Equal(Unit, Device.View(arena.Address, Unit).Length);
        Assert.Equal(1, Device.View(arena.Address + Unit - 1, 1).Length);
        Assert.Equal(0, Device.View(arena.Address, 0).Length);
        Assert.Equal(0, Device.View(arena.Address + Unit, 0).Length);
        foreach ((nint address, long bytes) in (ReadOnlySpan<(nint, long)>)
            [(arena.Address, Unit + 1), (arena.Address + Unit - 1, 2), (arena.Address - 1, 1), (arena.Address, -1), (arena.Address + 1, long.MaxValue), (8, 8), (-8, 4)])
        {
            ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>("address", () => Device.View(address, bytes));
            Assert.Contains($"{bytes} bytes at 0x{address:x}", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Memory_given_back_is_no_longer_found()
    {
        KvArena arena = Allocate(Unit);
        arena.Dispose();
        arena.Dispose();
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Device.View(arena.Address, 1));
    }

    [Fact]
    public void Copies_and_kernels_happen_in_the_order_in_which_they_were_submitted()
    {
        KvArena arena = Allocate(3 * Unit);
        KvTransfer last = default;
        for (int round = 0; round < 20; round++)
        {
            Launch(arena.Address, Unit / 4, round);
            Device.Copy([new KvCopy(arena.Address, arena.Address + Unit, Unit)]);
            Launch(arena.Address, Unit / 4, -round);
            last = Device.Copy([new KvCopy(arena.Address + Unit, arena.Address + (2 * Unit), Unit)]);
        }

        Assert.True(last.Wait());
        Assert.Equal(Enumerable.Range(19, Unit / 4), ReadInts(arena.Address + (2 * Unit), Unit / 4));
        Assert.Equal(Enumerable.Range(-19, Unit / 4), ReadInts(arena.Address, Unit / 4));
    }

    [Fact]
    public void Pieces_travel_to_the_device_and_back_through_pinned_memory()
    {
        const int Pieces = 33;
        KvArena arena = Allocate(Pieces * Unit);
        GpuPinnedMemory source = AllocatePinned(Pieces * Unit);
        GpuPinnedMemory target = AllocatePinned(Pieces * Unit);
        new Random(5).NextBytes(source.AsSpan(0, Pieces * Unit));
        KvCopy[] there = new KvCopy[Pieces];
        KvCopy[] back = new KvCopy[Pieces];
        for (int i = 0; i < Pieces; i++)
        {
            // In another order on the device than on the host.
            nint place = arena.Address + (i * 7 % Pieces * Unit);
            there[i] = new KvCopy(source.Address + (i * Unit), place, Unit);
            back[i] = new KvCopy(place, target.Address + (i * Unit), Unit);
        }

        KvTransfer first = Device.CopyToDevice(there);
        Device.Follow(first.Fence);
        KvTransfer second = Device.CopyToHost(back);
        Assert.True(second.Wait());
        Assert.True(first.TryGetResult(out bool succeeded));
        Assert.True(succeeded);
        Assert.True(source.AsSpan(0, Pieces * Unit).SequenceEqual(target.AsSpan(0, Pieces * Unit)));
    }

    [Fact]
    public void A_kernel_that_follows_a_transfer_sees_what_it_brought()
    {
        KvArena arena = Allocate(2 * Unit);
        GpuPinnedMemory source = AllocatePinned(Unit);
        for (byte round = 1; round < 20; round++)
        {
            source.AsSpan(0, Unit).Fill(round);
            KvTransfer transfer = Device.CopyToDevice([new KvCopy(source.Address, arena.Address, Unit)]);
            Device.Follow(transfer.Fence);
            Device.Copy([new KvCopy(arena.Address, arena.Address + Unit, Unit)]);
            Assert.True(transfer.Wait());
            Assert.DoesNotContain(Read(arena.Address + Unit, Unit), value => value != round);
        }
    }

    [Fact]
    public void Pieces_outside_the_devices_memory_are_refused_and_nothing_is_copied()
    {
        KvArena arena = Allocate(Unit);
        GpuPinnedMemory host = AllocatePinned(Unit);
        host.AsSpan(0, Unit).Fill(1);
        Assert.Throws<ArgumentOutOfRangeException>("copies", () => Device.CopyToDevice(
            [new KvCopy(host.Address, arena.Address, 10), new KvCopy(host.Address, arena.Address + Unit, 1)]));
        Assert.Throws<ArgumentOutOfRangeException>("copies", () => Device.CopyToHost([new KvCopy(arena.Address - 1, host.Address, 1)]));
        Assert.Throws<ArgumentOutOfRangeException>("copies", () => Device.Copy([new KvCopy(arena.Address, arena.Address, -1)]));
        Assert.DoesNotContain(Read(arena.Address, Unit), value => value != 0);
    }

    [Fact]
    public void A_buffer_of_an_engines_own_is_used_in_place_and_stays_the_engines()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = Device.Accelerator.Allocate1D<int>(100);
        GpuForeignMemory wrapped = Device.Wrap(buffer);
        Assert.Equal(400, wrapped.Length);
        Count(wrapped.Address + 40, 50, 7);
        Assert.Throws<ArgumentException>(() => Device.Wrap(buffer).Dispose());
        wrapped.Dispose();
        wrapped.Dispose();
        Assert.Throws<ArgumentOutOfRangeException>("address", () => Device.View(wrapped.Address, 1));
        int[] content = new int[100];
        buffer.View.CopyToCPU(Device.Stream, content);
        Device.Synchronize();
        Assert.Equal(Enumerable.Range(7, 50), content[10..60]);
    }

    [Fact]
    public void Memory_of_another_accelerator_is_refused()
    {
        using GpuDevice other = GpuDevice.Open(GpuDeviceKind.CpuAccelerator);
        using MemoryBuffer1D<int, Stride1D.Dense> buffer = other.Accelerator.Allocate1D<int>(1);
        Assert.Throws<ArgumentException>("buffer", () => Device.Wrap(buffer));
        Assert.Throws<ArgumentNullException>("buffer", () => Device.Wrap(null!));
        Assert.Throws<ArgumentException>("stream", () => GpuDevice.Adopt(other.Accelerator, Device.Stream));
    }

    [Fact]
    public void A_device_over_an_engines_accelerator_leaves_it_open()
    {
        using (GpuDevice adopted = GpuDevice.Adopt(Device.Accelerator, Device.Stream))
        {
            Assert.Equal(Device.Info.Kind, adopted.Info.Kind);
            Assert.True(adopted.TryAllocate(Unit, out KvArena? arena));
            Assert.Throws<ArgumentOutOfRangeException>("address", () => Device.View(arena.Address, Unit));
        }

        Count(Allocate(Unit).Address, 10, 0);
    }

    [Fact]
    public void A_disposed_device_refuses_and_what_it_gave_out_may_be_disposed_later()
    {
        _ = Device;
        GpuDevice device = GpuDevice.Open(Kind);
        Assert.True(device.TryAllocate(Unit, out KvArena? arena));
        Assert.True(device.TryAllocatePinned(Unit, out GpuPinnedMemory? pinned));
        KvFence fence = device.RecordFence();
        Assert.Equal((Unit, 1), (device.AllocatedBytes, device.PinnedBlocks));
        device.Dispose();
        device.Dispose();
        Assert.Equal((0, 0), (device.AllocatedBytes, device.PinnedBlocks));
        Assert.True(fence.HasPassed);
        arena.Dispose();
        pinned.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.TryAllocate(1, out _));
        Assert.Throws<ObjectDisposedException>(() => device.TryAllocatePinned(1, out _));
        Assert.Throws<ObjectDisposedException>(() => device.Copy([]));
        Assert.Throws<ObjectDisposedException>(() => device.RecordFence());
        Assert.Throws<ObjectDisposedException>(() => device.Follow(default));
        Assert.Throws<ObjectDisposedException>(() => device.Upload(default));
        Assert.Throws<ObjectDisposedException>(() => device.Wrap(1, 1));
    }

    [Theory]
    [InlineData(-1, 0, "offset")]
    [InlineData(101, 0, "offset")]
    [InlineData(0, 101, "length")]
    [InlineData(0, -1, "length")]
    [InlineData(100, 1, "length")]
    public void Parts_outside_pinned_memory_are_refused(long offset, int length, string named)
    {
        GpuPinnedMemory memory = AllocatePinned(100);
        Assert.Throws<ArgumentOutOfRangeException>(named, () => memory.AsSpan(offset, length).Length);
        Assert.Equal(0, memory.AsSpan(100, 0).Length);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.AsSpan(0, 1).Length);
    }

    [Fact]
    public void Threads_use_a_device_beside_one_another()
    {
        GpuDevice device = Device;
        Parallel.For(0, 4, thread =>
        {
            GpuBytes bytes = new(device);
            for (int i = 0; i < 50; i++)
            {
                Assert.True(device.TryAllocate(Unit * (1 + (i % 3)), out KvArena? arena));
                byte[] content = new byte[Unit];
                Array.Fill(content, (byte)((thread * 50) + i));
                bytes.Write(arena.Address, content);
                byte[] read = new byte[Unit];
                bytes.Read(arena.Address, read);
                Assert.Equal(content, read);
                device.RecordFence().Wait();
                arena.Dispose();
            }
        });
    }

    [Fact]
    public void Fences_and_copies_allocate_nothing_on_the_managed_heap()
    {
        KvArena arena = Allocate(2 * Unit);
        GpuPinnedMemory host = AllocatePinned(Unit);
        Work(20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work(50);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Work(int times)
        {
            for (int i = 0; i < times; i++)
            {
                Device.Copy([new KvCopy(arena.Address, arena.Address + Unit, 256)]);
                KvTransfer there = Device.CopyToDevice([new KvCopy(host.Address, arena.Address, 256)]);
                Device.Follow(there.Fence);
                Device.View(arena.Address, 256);
                Device.RecordFence().Wait();
                there.Wait();
            }
        }
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        if (_device is not null && Kind != GpuDeviceKind.CpuAccelerator)
        {
            // The CPU accelerator is shared with tests that run at the same time.
            Assert.Equal(_allocatedBefore, _device.AllocatedBytes);
        }

        GC.SuppressFinalize(this);
    }

    private static void CountUp(Index1D index, ArrayView<int> output, int first) => output[index] = first + index;

    private KvArena Allocate(long bytes)
    {
        Assert.True(Device.TryAllocate(bytes, out KvArena? arena));
        _owned.Add(arena);
        return arena;
    }

    private GpuPinnedMemory AllocatePinned(long bytes)
    {
        Assert.True(Device.TryAllocatePinned(bytes, out GpuPinnedMemory? memory));
        _owned.Add(memory);
        return memory;
    }

    private void Launch(nint address, int count, int first) =>
        Device.Accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<int>, int>(CountUp)(
            Device.Stream, count, Device.View(address, count * sizeof(int)).Cast<int>(), first);

    private void Count(nint address, int count, int first)
    {
        Launch(address, count, first);
        Device.RecordFence().Wait();
    }

    private void Write(nint address, byte[] content) => new GpuBytes(Device).Write(address, content);

    private byte[] Read(nint address, int bytes)
    {
        byte[] content = new byte[bytes];
        new GpuBytes(Device).Read(address, content);
        return content;
    }

    private int[] ReadInts(nint address, int count) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(Read(address, count * sizeof(int))).ToArray();
}
