using KvCache.Memory;
using KvCache.Paged;
using Xunit;

namespace KvCache.Tests.Memory;

public class PagedOptionsTests
{
    private static readonly PagedKvAllocatorOptions Good = new()
    {
        Geometry = KvGeometry.Create(2, 1, 1, KvElementType.Float32),
        Device = new DryDevice(),
        BlockCount = 10,
    };

    public static TheoryData<string, long, long, PagedKvAllocatorOptions> BadNumbers => new()
    {
        { "BlockTokens", 0, 1, Good with { BlockTokens = 0 } },
        { "BlockTokens", -16, 1, Good with { BlockTokens = -16 } },
        { "BlockCount", -1, 0, Good with { BlockCount = -1 } },
        { "MemoryBytes", -1, 0, Good with { MemoryBytes = -1 } },
        { "MaxSequenceTokens", 0, 1, Good with { MaxSequenceTokens = 0 } },
        { "EventCapacity", -1, 0, Good with { EventCapacity = -1 } },
        { "MemoryBytes", 255, 256, Good with { BlockCount = 0, MemoryBytes = 255 } },
    };

    [Theory]
    [MemberData(nameof(BadNumbers))]
    public void A_bad_option_is_named_with_its_value_and_what_was_expected(
        string option, long value, long minimum, PagedKvAllocatorOptions options)
    {
        ArgumentOutOfRangeException error =
            Assert.Throws<ArgumentOutOfRangeException>(option, () => new PagedKvAllocator(options));
        Assert.Equal(value, error.ActualValue);
        Assert.StartsWith($"{option} is {value}; expected at least {minimum}.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_option_is_named()
    {
        Assert.Throws<ArgumentNullException>("options", () => new PagedKvAllocator(null!));
        Assert.Throws<ArgumentNullException>("Geometry", () => new PagedKvAllocator(Good with { Geometry = null! }));
        Assert.Throws<ArgumentNullException>("Device", () => new PagedKvAllocator(Good with { Device = null! }));
        Assert.Throws<ArgumentException>("Name", () => new PagedKvAllocator(Good with { Name = "" }));
        Assert.Throws<ArgumentNullException>("Eviction", () => new PagedKvAllocator(Good with { Eviction = null! }));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 10_000)]
    public void Neither_or_both_sizes_are_an_error_that_tells_both(int blockCount, long memoryBytes)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            "BlockCount", () => new PagedKvAllocator(Good with { BlockCount = blockCount, MemoryBytes = memoryBytes }));
        Assert.StartsWith(
            $"BlockCount is {blockCount} and MemoryBytes is {memoryBytes};", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(256, 1)]
    [InlineData(511, 1)]
    [InlineData(512, 2)]
    [InlineData(256L * 5_000_000 + 255, 5_000_000)]
    public void Memory_is_rounded_down_to_whole_blocks(long bytes, int blocks)
    {
        using PagedKvAllocator allocator = new(Good with { BlockCount = 0, MemoryBytes = bytes });
        KvUsage usage = allocator.Usage;
        Assert.Equal((blocks, 256L), (usage.TotalBlocks, usage.BlockBytes));
        Assert.Equal(blocks * 256L, usage.TotalBytes);
        Assert.Equal(usage.TotalBytes, usage.FreeBytes);
        Assert.Equal(0, usage.CachedBytes + usage.OwnedBytes + usage.InTransferBytes);
    }

    [Fact]
    public void More_blocks_than_can_be_numbered_are_an_error_and_never_asked_for_by_bytes()
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            "BlockCount", () => new PagedKvAllocator(Good with { BlockCount = (1 << 30) + 1 }));
        Assert.StartsWith("BlockCount is 1073741825; expected at most 1073741824.", error.Message, StringComparison.Ordinal);
        using PagedKvAllocator allocator = new(Good with { BlockCount = 0, MemoryBytes = 1L << 40 });
        Assert.Equal(1 << 30, allocator.Usage.TotalBlocks);
    }

    [Fact]
    public void A_device_without_that_much_memory_is_named()
    {
        InsufficientMemoryException error = Assert.Throws<InsufficientMemoryException>(
            () => new PagedKvAllocator(Good with { Device = new DryDevice(1000) }));
        Assert.Contains("\"dry\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("10 blocks of 16 tokens", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_beyond_long_are_errors()
    {
        KvGeometry huge = KvGeometry.Create(1000, 1_000_000, 100_000);
        Assert.Throws<OverflowException>(() => new PagedKvAllocator(Good with { Geometry = huge, BlockCount = 1 << 30 }));
        Assert.Throws<OverflowException>(
            () => new PagedKvAllocator(Good with { Geometry = huge, BlockTokens = int.MaxValue }));
        KvUsage usage = new(int.MaxValue, 0, 0, 0, 0, long.MaxValue / 2);
        Assert.Throws<OverflowException>(() => usage.TotalBytes);
        Assert.Throws<OverflowException>(() => usage.FreeBytes);
    }

    [Fact]
    public void The_defaults_are_as_documented()
    {
        PagedKvAllocatorOptions options = new() { Geometry = Good.Geometry };
        Assert.Same(HostDevice.Instance, options.Device);
        Assert.Equal((16, 0, 0L), (options.BlockTokens, options.BlockCount, options.MemoryBytes));
        Assert.Equal((int.MaxValue, true, true), (options.MaxSequenceTokens, options.PrefixCaching, options.Deduplicate));
        Assert.Equal("paged", options.Name);
        Assert.Equal((0, true, true), (options.EventCapacity, options.PrefixHash is null, options.MeterFactory is null));
        Assert.NotSame(options.Eviction(), options.Eviction());
    }
}
