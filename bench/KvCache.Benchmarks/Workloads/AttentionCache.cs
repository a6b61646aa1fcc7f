using KvCache.Attention;

namespace KvCache.Benchmarks.Workloads;

/// <summary>A cache that holds a shape's past in every layer, with the step that computes the new positions open.</summary>
internal sealed class AttentionCache : IDisposable
{
    private readonly IKvAllocator _allocator;
    private readonly KvStep _step;

    private AttentionCache(AttentionShape shape, KvElementType elementType, CachePlace place, int layers, AttentionData? data)
    {
        _allocator = place.Create(shape, KvGeometry.Create(layers, shape.KvHeads, shape.HeadDim, elementType));
        KvRow[] rows = new KvRow[shape.Rows];
        for (int row = 0; row < rows.Length; row++)
        {
            rows[row] = new KvRow(PoolFragmentation.Open(_allocator, shape.Context), shape.NewTokens);
            ComputePast(rows[row].Sequence, row, shape.Cached, data);
        }

        _step = _allocator.BeginStep(rows);
        Views = [.. Enumerable.Range(0, layers).Select(layer => _step.Enter(layer))];
    }

    public KvElementType ElementType => Views[0].Shape.ElementType;

    /// <summary>One view per layer, all of the same open step.</summary>
    public IReadOnlyList<KvLayerView> Views { get; }

    /// <summary>Makes a cache whose past is filled in, with as many layers as its bytes ask for.</summary>
    public static AttentionCache Create(AttentionShape shape, KvElementType elementType, CachePlace place, AttentionData data)
    {
        AttentionCache cache = new(shape, elementType, place, shape.Layers(elementType), data);
        double adjacent = PoolFragmentation.Adjacent(cache.Views[0]);
        if (place.Order == PageOrder.Shuffled ? adjacent > 0.1 : adjacent < 0.9)
        {
            cache.Dispose();
            throw new InvalidOperationException($"{adjacent:P0} of the pages follow one another; {place} was wanted.");
        }

        return cache;
    }

    /// <summary>Makes one layer, each row one page as long as itself, with nothing in it yet.</summary>
    public static AttentionCache CreateScratch(AttentionShape shape, KvElementType elementType) =>
        new(shape, elementType, new PagedPlace(PageOrder.Contiguous, shape.Context), layers: 1, data: null);

    public void Dispose()
    {
        _step.Dispose();
        _allocator.Dispose();
    }

    private void ComputePast(KvSequence sequence, int row, int cached, AttentionData? data)
    {
        using CpuAttention attention = new();
        using KvStep step = _allocator.BeginStep([new KvRow(sequence, cached)]);
        for (int layer = 0; data is not null && layer < _allocator.Geometry.LayerCount; layer++)
        {
            attention.Append(step.Enter(layer), data.CachedKeys(layer, row), data.CachedValues(layer, row));
            step.Leave(layer);
        }

        step.Complete();
    }
}
