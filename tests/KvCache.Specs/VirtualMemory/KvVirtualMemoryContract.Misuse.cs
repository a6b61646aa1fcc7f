using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

public abstract partial class KvVirtualMemoryContract
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, -1)]
    [InlineData(1, 1)]
    [InlineData(1, -1)]
    [InlineData(-1, 0)]
    [InlineData(3, 4096 / 2)]
    public void Reserving_other_than_whole_chunks_is_an_error(int chunks, int more)
    {
        MappedMemory mapped = Create();
        long bytes = (chunks * mapped.Memory.ChunkBytes) + more;

        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(nameof(bytes), () => mapped.Memory.TryReserve(bytes, out _));

        Assert.Contains(bytes.ToString(), error.Message);
        Assert.Contains(mapped.Memory.ChunkBytes.ToString(), error.Message);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Chunks_of_no_number_are_errors_everywhere(int chunk)
    {
        MappedMemory mapped = Create(16);
        mapped.CreateChunks(0);
        nint address = mapped.Reserve(4);
        AssertRefused("chunks", chunk.ToString(), () => mapped.Memory.TryCreate([1, chunk]));
        AssertRefused("chunks", chunk.ToString(), () => mapped.Memory.Destroy([0, chunk]));
        AssertRefused("chunks", chunk.ToString(), () => mapped.Memory.TryMap(address, [0, chunk], writable: true));

        // And nothing has happened.
        Assert.Equal(1, mapped.Memory.CreatedChunks);
        mapped.CreateChunks(1);
        mapped.Map(address, 0, 1);
    }

    [Fact]
    public void Creating_twice_is_an_error_and_creates_nothing()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(3);
        AssertRefused("chunks", "3", () => mapped.Memory.TryCreate([2, 3]));
        AssertRefused("chunks", "5", () => mapped.Memory.TryCreate([5, 4, 5]));
        Assert.Equal(1, mapped.Memory.CreatedChunks);
        mapped.CreateChunks(2, 4, 5);
        Assert.Equal(4, mapped.Memory.CreatedChunks);
    }

    [Fact]
    public void Destroying_what_is_not_created_or_is_mapped_is_an_error_and_destroys_nothing()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1, 2);
        nint address = mapped.Reserve(2);
        mapped.Map(address, 2);
        mapped.Map(mapped.At(address, 1), 2);
        mapped.Mark(address, 9);
        AssertRefused("chunks", "4", () => mapped.Memory.Destroy([0, 4]));
        AssertRefused("chunks", "2", () => mapped.Memory.Destroy([0, 2, 1]));
        AssertRefused("chunks", "1", () => mapped.Memory.Destroy([1, 0, 1]));
        mapped.Memory.Unmap(address, 1);
        AssertRefused("chunks", "2", () => mapped.Memory.Destroy([2]));
        Assert.Equal(3, mapped.Memory.CreatedChunks);
        Assert.Equal(9, mapped.ReadMark(mapped.At(address, 1)));

        mapped.Memory.Unmap(mapped.At(address, 1), 1);
        mapped.Memory.Destroy([1, 2, 0]);
        Assert.Equal(0, mapped.Memory.CreatedChunks);
    }

    [Fact]
    public void Mapping_what_is_not_created_is_an_error_and_maps_nothing()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint address = mapped.Reserve(4);
        AssertRefused("chunks", "2", () => mapped.Memory.TryMap(address, [0, 1, 2], writable: true));
        mapped.Memory.Destroy([1]);
        AssertRefused("chunks", "1", () => mapped.Memory.TryMap(address, [0, 1], writable: true));
        mapped.Release(address, 4);
        mapped.Memory.Destroy([0]);
    }

    [Fact]
    public void Mapping_where_something_is_mapped_is_an_error_and_changes_nothing()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1, 2);
        nint address = mapped.Reserve(4);
        mapped.Map(mapped.At(address, 2), 2);
        mapped.Mark(mapped.At(address, 2), 3);
        string occupied = $"{mapped.At(address, 2):x}";
        AssertRefused("address", occupied, () => mapped.Memory.TryMap(address, [0, 1, 0], writable: true));
        AssertRefused("address", occupied, () => mapped.Memory.TryMap(mapped.At(address, 2), [2], writable: true));
        Assert.Equal(3, mapped.ReadMark(mapped.At(address, 2)));
        mapped.Memory.Destroy([0, 1]);
        AssertRefused("address", $"{address:x}", () => mapped.Memory.Unmap(address, 1));
    }

    [Fact]
    public void Addresses_outside_reserved_ranges_are_errors()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint address = mapped.Reserve(4);
        nint below = mapped.At(address, -1);
        nint end = mapped.At(address, 4);
        nint last = mapped.At(address, 3);
        nint crooked = address + 64;
        nint gone = mapped.Reserve(2);
        mapped.Release(gone, 2);
        foreach (nint wrong in new[] { 0, below, end, last, crooked, gone })
        {
            AssertRefused("address", $"{wrong:x}", () => mapped.Memory.TryMap(wrong, [0, 1], writable: true));
            AssertRefused("address", $"{wrong:x}", () => mapped.Memory.Unmap(wrong, 2));
        }

        mapped.Memory.Destroy([0, 1]);
    }

    [Fact]
    public void Unmapping_over_a_hole_is_an_error_and_unmaps_nothing()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint address = mapped.Reserve(4);
        mapped.Map(address, 0);
        mapped.Map(mapped.At(address, 2), 1);
        mapped.Mark(address, 4);
        AssertRefused("address", $"{mapped.At(address, 1):x}", () => mapped.Memory.Unmap(address, 3));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => mapped.Memory.Unmap(address, -1));
        Assert.Equal(4, mapped.ReadMark(address));
        AssertRefused("chunks", "0", () => mapped.Memory.Destroy([0]));
        mapped.Memory.Unmap(address, 1);
        AssertRefused("address", $"{address:x}", () => mapped.Memory.Unmap(address, 1));
    }

    [Fact]
    public void Releasing_other_than_what_was_reserved_is_an_error()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0);
        nint address = mapped.Reserve(4);
        mapped.Map(mapped.At(address, 1), 0);
        long chunk = mapped.Memory.ChunkBytes;
        AssertRefused("address", $"{mapped.At(address, 1):x}", () => mapped.Memory.Release(mapped.At(address, 1), 3 * chunk));
        AssertRefused("address", $"{address:x}", () => mapped.Memory.Release(address, 3 * chunk));
        AssertRefused("address", $"{address:x}", () => mapped.Memory.Release(address, 8 * chunk));
        AssertRefused("address", $"{mapped.At(address, 1):x}", () => mapped.Memory.Release(address, 4 * chunk));
        mapped.Memory.Unmap(mapped.At(address, 1), 1);
        mapped.Release(address, 4);
        AssertRefused("address", $"{address:x}", () => mapped.Memory.Release(address, 4 * chunk));
    }

    [Fact]
    public void Nothing_at_all_is_nothing()
    {
        MappedMemory mapped = Create();
        nint address = mapped.Reserve(1);
        Assert.True(mapped.Memory.TryCreate([]));
        Assert.True(mapped.Memory.TryMap(address, [], writable: true));
        mapped.Memory.Unmap(address, 0);
        mapped.Memory.Destroy([]);
        mapped.Release(address, 1);
        Assert.Equal(0, mapped.Memory.CreatedChunks);
    }

    [Fact]
    public void A_disposed_memory_says_so()
    {
        MappedMemory mapped = Create();
        mapped.CreateChunks(0, 1);
        nint address = mapped.Reserve(2);
        mapped.Map(address, 1);
        mapped.Memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.TryReserve(mapped.Memory.ChunkBytes, out _));
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.Release(address, 2 * mapped.Memory.ChunkBytes));
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.TryCreate([2]));
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.Destroy([0]));
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.TryMap(address, [0], writable: true));
        Assert.Throws<ObjectDisposedException>(() => mapped.Memory.Unmap(mapped.At(address, 0), 1));
    }

    private static void AssertRefused(string parameter, string value, Action action)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(action);
        Assert.Equal(parameter, error.ParamName);
        Assert.Contains(value, error.Message);
    }
}
