using KvCache.Memory;
using KvCache.Steps;
using KvCache.Tiers;

namespace KvCache.Paged;

/// <summary>The device memory behind a pool's blocks: per layer all keys by block, then all values by block.</summary>
/// <remarks>
/// Blocks with consecutive ids lie one after the other in every layer, so that a sequence on fresh blocks is one
/// contiguous range of keys and one of values per layer.
/// </remarks>
internal sealed class PagedMemory : BlockMemory
{
    private const long RegionAlignment = 4096;
    private readonly IKvDevice _device;
    private readonly KvArena _arena;
    private readonly long _valueOffset;
    private readonly long _layerStride;
    private readonly int _layers;
    private readonly KvCopy[] _copies;

    public PagedMemory(IKvDevice device, KvGeometry geometry, int blockTokens, int blockCount)
    {
        _device = device;
        _layers = geometry.LayerCount;
        Layout = new PageLayout(geometry.GroupOf(0), blockTokens);
        _valueOffset = RoundUp(checked(Layout.KeyPageStride * blockCount));
        _layerStride = checked(_valueOffset + RoundUp(checked(Layout.ValuePageStride * blockCount)));
        long bytes = checked(_layerStride * _layers);
        _arena = device.TryAllocate(bytes, out KvArena? arena)
            ? arena
            : throw new InsufficientMemoryException(
                $"Device \"{device.Name}\" has no {bytes} bytes for {blockCount} blocks of {blockTokens} tokens ({geometry}).");
        _copies = new KvCopy[_layers * 2];
    }

    public override PageLayout Layout { get; }

    public override bool CanDecommit => _arena.CanDecommit;

    /// <summary>Where every layer's pages are, under one page table.</summary>
    public LayerPlace[] Places(PageTable table) =>
        [.. Enumerable.Range(0, _layers).Select(layer => new LayerPlace(KeyBase(layer), ValueBase(layer), table))];

    public override bool TryCopyBlock(int source, int destination, int tokens)
    {
        for (int layer = 0; layer < _layers; layer++)
        {
            _copies[2 * layer] = Copy(
                KeyBase(layer), Layout.KeyPageStride, Layout.KeyTokenStride, source, destination, tokens);
            _copies[(2 * layer) + 1] = Copy(
                ValueBase(layer), Layout.ValuePageStride, Layout.ValueTokenStride, source, destination, tokens);
        }

        return _device.Copy(_copies).Wait();
    }

    public override bool TrySave(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places) =>
        TryMove(blocks, store, places, toHost: true);

    public override bool TryLoad(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places) =>
        TryMove(blocks, store, places, toHost: false);

    public override long Decommit(int first, int count)
    {
        long bytes = 0;
        for (int layer = 0; layer < _layers; layer++)
        {
            long keys = layer * _layerStride;
            bytes += _arena.Decommit(keys + (first * Layout.KeyPageStride), count * Layout.KeyPageStride);
            bytes += _arena.Decommit(
                keys + _valueOffset + (first * Layout.ValuePageStride), count * Layout.ValuePageStride);
        }

        return bytes;
    }

    public override void Dispose() => _arena.Dispose();

    public nint KeyBase(int layer) => _arena.Address + (nint)(layer * _layerStride);

    public nint ValueBase(int layer) => _arena.Address + (nint)((layer * _layerStride) + _valueOffset);

    private bool TryMove(ReadOnlySpan<int> blocks, HostStore store, ReadOnlySpan<int> places, bool toHost)
    {
        TierCopies copies = store.Begin(toHost);
        for (int layer = 0; layer < _layers; layer++)
        {
            copies.Add(layer, KeyBase(layer), ValueBase(layer), blocks, places);
        }

        return store.TryRun();
    }

    private static KvCopy Copy(nint start, long pageStride, long tokenStride, int source, int destination, int tokens) =>
        new(start + (nint)(source * pageStride), start + (nint)(destination * pageStride), tokens * tokenStride);

    private static long RoundUp(long bytes) => checked(bytes + RegionAlignment - 1) / RegionAlignment * RegionAlignment;
}
