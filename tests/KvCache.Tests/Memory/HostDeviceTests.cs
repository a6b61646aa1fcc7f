using KvCache.Memory;
using Xunit;

namespace KvCache.Tests.Memory;

public unsafe class HostDeviceTests
{
    private readonly HostDevice _device = HostDevice.Instance;

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(4096)]
    [InlineData(100_000)]
    [InlineData(2L << 20)]
    [InlineData((2L << 20) + 1)]
    [InlineData(9_999_999)]
    public void An_arena_is_aligned_zeroed_and_writable_to_its_last_byte(long bytes)
    {
        using KvArena arena = Allocate(bytes);
        Assert.Equal(bytes, arena.Length);
        Assert.Equal(0, arena.Address % 64);
        Span<byte> content = Bytes(arena);
        Assert.False(content.ContainsAnyExcept((byte)0));
        content.Fill(0xAB);
        Assert.False(content.ContainsAnyExcept((byte)0xAB));
    }

    [Fact]
    public void Arenas_do_not_overlap()
    {
        KvArena[] arenas = [.. Enumerable.Range(0, 20).Select(i => Allocate(1 + (i * 50_000)))];
        for (int i = 0; i < arenas.Length; i++)
        {
            Bytes(arenas[i]).Fill((byte)(i + 1));
        }

        for (int i = 0; i < arenas.Length; i++)
        {
            Assert.False(Bytes(arenas[i]).ContainsAnyExcept((byte)(i + 1)));
            arenas[i].Dispose();
        }
    }

    [Theory]
    [InlineData(1L << 60)]
    [InlineData(long.MaxValue - (2L << 20))]
    [InlineData(long.MaxValue)]
    public void Absurd_sizes_are_refused(long bytes)
    {
        Assert.False(_device.TryAllocate(bytes, out KvArena? arena));
        Assert.Null(arena);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void Sizes_below_one_are_errors(long bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(bytes), () => _device.TryAllocate(bytes, out _));

    [Fact]
    public void A_copy_moves_every_piece_and_has_succeeded_at_once()
    {
        using KvArena arena = Allocate(1000);
        Span<byte> content = Bytes(arena);
        for (int i = 0; i < 300; i++)
        {
            content[i] = (byte)i;
        }

        KvTransfer transfer = _device.Copy(
        [
            new KvCopy(arena.Address, arena.Address + 500, 100),
            new KvCopy(arena.Address + 100, arena.Address + 700, 7),
            new KvCopy(arena.Address + 200, arena.Address + 900, 0),
        ]);

        Assert.True(transfer.TryGetResult(out bool succeeded));
        Assert.True(succeeded);
        Assert.True(_device.RecordFence().HasPassed);
        Assert.True(content[..100].SequenceEqual(content.Slice(500, 100)));
        Assert.True(content.Slice(100, 7).SequenceEqual(content.Slice(700, 7)));
        Assert.Equal(0, content[707]);
        Assert.Equal(0, content[900]);
    }

    [Fact]
    public void Decommitted_pages_read_as_zero_and_the_rest_stays()
    {
        using KvArena arena = Allocate(8L << 20);
        Span<byte> content = Bytes(arena);
        content.Fill(1);
        int page = Environment.SystemPageSize;
        long given = arena.Decommit(page + 1, 10 * page);
        Assert.Equal(arena.CanDecommit ? 9 * page : 0, given);
        if (arena.CanDecommit)
        {
            Assert.False(content.Slice(2 * page, 9 * page).ContainsAnyExcept((byte)0));
            Assert.False(content[..(2 * page)].ContainsAnyExcept((byte)1));
            Assert.False(content[(11 * page)..].ContainsAnyExcept((byte)1));
            content.Fill(2);
        }

        Assert.Equal(0, arena.Decommit(0, page - 1));
    }

    [Theory]
    [InlineData(-1, 1, "offset")]
    [InlineData(1001, 0, "offset")]
    [InlineData(0, 1001, "bytes")]
    [InlineData(1000, 1, "bytes")]
    [InlineData(1, long.MaxValue, "bytes")]
    [InlineData(0, -1, "bytes")]
    public void A_part_outside_the_range_is_refused(long offset, long bytes, string named)
    {
        using KvArena arena = Allocate(1000);

        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => arena.Decommit(offset, bytes));

        Assert.Equal(named, refused.ParamName);
    }

    [Fact]
    public void Memory_given_back_cannot_be_decommitted()
    {
        KvArena arena = Allocate(1 << 20);
        arena.Dispose();

        Assert.Throws<ObjectDisposedException>(() => arena.Decommit(0, 1 << 20));
    }

    [Fact]
    public void Disposing_twice_does_nothing()
    {
        KvArena arena = Allocate(10);
        arena.Dispose();
        arena.Dispose();
        Assert.Equal(("host", true), (_device.Name, _device.HasMemory));
    }

    private KvArena Allocate(long bytes)
    {
        Assert.True(_device.TryAllocate(bytes, out KvArena? arena));
        return arena;
    }

    private static Span<byte> Bytes(KvArena arena) => new((void*)arena.Address, (int)arena.Length);
}
