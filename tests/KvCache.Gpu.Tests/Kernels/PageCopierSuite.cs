using KvCache.Gpu.Tests.Devices;
using KvCache.Memory;
using KvCache.Specs.Devices;
using Xunit;

namespace KvCache.Gpu.Tests.Kernels;

/// <summary>Copies of pages, byte for byte; what lies between and around them stays as it was.</summary>
public abstract class PageCopierSuite
{
    private const int Pages = 9;

    /// <summary>Bytes of a page, from a page to the next, and before page 0: whole units of 16, and not.</summary>
    public static TheoryData<int, int, int> Places => new() { { 64, 64, 0 }, { 48, 80, 32 }, { 1, 1, 0 }, { 37, 50, 5 }, { 32, 40, 0 }, { 4096, 4096, 16 } };

    protected abstract GpuDevice Device { get; }

    [Theory]
    [MemberData(nameof(Places))]
    public void Pages_are_copied_to_pages(int bytes, int stride, int start) =>
        Check(bytes, stride, start, [3, 0, 8, 3], [1, 5, 0, 7], (copier, source, destination, from, to) =>
            copier.Copy(source, from, destination, to));

    [Theory]
    [MemberData(nameof(Places))]
    public void Pages_are_gathered_into_a_range(int bytes, int stride, int start) =>
        Check(bytes, stride, start, [7, 2, 8, 0, 2], [0, 1, 2, 3, 4], (copier, source, destination, from, _) =>
            copier.Gather(source, from, destination.Address), destinationStride: bytes);

    [Theory]
    [MemberData(nameof(Places))]
    public void A_range_is_scattered_to_pages(int bytes, int stride, int start) =>
        Check(bytes, stride, start, [0, 1, 2], [8, 4, 0], (copier, source, destination, _, to) =>
            copier.Scatter(source.Address, destination, to), sourceStride: bytes);

    [Fact]
    public void Long_lists_follow_short_ones()
    {
        foreach (int count in (int[])[1, 3, 2000, 1, 5000])
        {
            int[] to = [.. Enumerable.Range(0, count).Select(page => count - 1 - page)];
            Check(24, 24, 0, [.. Enumerable.Range(0, count)], to, (copier, source, destination, from, to) =>
                copier.Copy(source, from, destination, to), pages: count);
        }
    }

    [Fact]
    public void Wrong_lists_and_pages_are_refused()
    {
        using KvArena arena = Allocate(1024);
        using GpuPageCopier copier = new(Device);
        GpuPages pages = GpuPages.Packed(arena.Address, 64);
        AssertRefused("destinationPages", "2", () => copier.Copy(pages, [1, 2], pages, [3]));
        AssertRefused("source", "-1", () => copier.Copy(pages, [-1], pages, [3]));
        AssertRefused("destination", "16", () => copier.Copy(pages, [1], pages, [16]));
        AssertRefused("source", "63", () => copier.Copy(pages with { Stride = 63 }, [1], pages, [2]));
        AssertRefused("destination", "32", () => copier.Copy(pages, [1], GpuPages.Packed(arena.Address, 32), [2]));
        copier.Copy(pages, [], pages, []);
        copier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => copier.Copy(pages, [1], pages, [2]));
    }

    private delegate void Copying(GpuPageCopier copier, GpuPages source, GpuPages destination, int[] from, int[] to);

    private static void AssertRefused(string name, string word, Action call)
    {
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(call);
        Assert.Equal(name, refusal.ParamName);
        Assert.Contains(word, refusal.Message, StringComparison.Ordinal);
    }

    private void Check(
        int bytes, int stride, int start, int[] from, int[] to, Copying copy, int? sourceStride = null, int? destinationStride = null, int pages = Pages)
    {
        int length = start + (pages * stride) + 100;
        byte[] source = new byte[length];
        byte[] destination = new byte[length];
        new Random(bytes).NextBytes(source);
        new Random(stride).NextBytes(destination);
        using KvArena sourceArena = Allocate(length);
        using KvArena destinationArena = Allocate(length);
        DeviceMemory memory = GpuBytes.For(Device);
        memory.Write(sourceArena.Address, source);
        memory.Write(destinationArena.Address, destination);
        GpuPages sourcePages = new(sourceArena.Address + start, sourceStride ?? stride, bytes);
        GpuPages destinationPages = new(destinationArena.Address + start, destinationStride ?? stride, bytes);
        using GpuPageCopier copier = new(Device);
        copy(copier, sourcePages, destinationPages, from, to);
        Device.RecordFence().Wait();
        for (int i = 0; i < from.Length; i++)
        {
            source.AsSpan(start + (int)(from[i] * sourcePages.Stride), bytes)
                .CopyTo(destination.AsSpan(start + (int)(to[i] * destinationPages.Stride)));
        }

        byte[] found = new byte[length];
        memory.Read(destinationArena.Address, found);
        Assert.Equal(destination, found);
        memory.Read(sourceArena.Address, found);
        Assert.Equal(source, found);
    }

    private KvArena Allocate(long bytes)
    {
        Assert.True(Device.TryAllocate(bytes, out KvArena? arena));
        return arena;
    }
}
