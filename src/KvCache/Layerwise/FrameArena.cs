using KvCache.Memory;
using KvCache.Steps;

namespace KvCache.Layerwise;

/// <summary>The device's memory: all frames' keys, then all frames' values, whatever layers they are of.</summary>
internal sealed class FrameArena : IDisposable
{
    private const long RegionAlignment = 4096;
    private readonly KvArena _arena;
    private readonly long _valueOffset;

    public FrameArena(IKvDevice device, PageLayout layout, int frames)
    {
        Layout = layout;
        Count = frames;
        _valueOffset = checked((layout.KeyPageStride * frames) + RegionAlignment - 1) / RegionAlignment * RegionAlignment;
        long bytes = checked(_valueOffset + (layout.ValuePageStride * frames));
        _arena = device.TryAllocate(bytes, out KvArena? arena)
            ? arena
            : throw new InsufficientMemoryException(
                $"Device \"{device.Name}\" has no {bytes} bytes for {frames} layer-blocks of {layout.TokensPerPage} tokens.");
    }

    public PageLayout Layout { get; }

    public int Count { get; }

    public bool CanDecommit => _arena.CanDecommit;

    public nint Keys => _arena.Address;

    public nint Values => _arena.Address + (nint)_valueOffset;

    public nint KeyAddress(int frame) => Keys + (nint)(frame * Layout.KeyPageStride);

    public nint ValueAddress(int frame) => Values + (nint)(frame * Layout.ValuePageStride);

    public void Decommit(int first, int count)
    {
        _arena.Decommit(first * Layout.KeyPageStride, count * Layout.KeyPageStride);
        _arena.Decommit(_valueOffset + (first * Layout.ValuePageStride), count * Layout.ValuePageStride);
    }

    public void Dispose() => _arena.Dispose();
}
