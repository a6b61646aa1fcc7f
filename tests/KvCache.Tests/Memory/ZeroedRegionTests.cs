using KvCache.Memory;
using Xunit;

namespace KvCache.Tests.Memory;

/// <summary>The memory of systems without <c>mmap</c>, tested wherever the tests run.</summary>
public sealed class ZeroedRegionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(5 << 20)]
    public unsafe void Memory_is_aligned_zeroed_and_writable_to_its_end(int length)
    {
        using NativeRegion region = NativeRegion.TryAllocateZeroed(length)!;

        Span<byte> bytes = new((void*)region.Address, length);
        Assert.Equal(0, region.Address % NativeRegion.Alignment);
        Assert.Equal(length, region.Length);
        Assert.False(bytes.ContainsAnyExcept((byte)0));
        bytes.Fill(0xA5);
        Assert.Equal(length, bytes.Count((byte)0xA5));
    }

    [Fact]
    public void What_no_system_has_is_refused() => Assert.Null(NativeRegion.TryAllocateZeroed(long.MaxValue));
}
