using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.GpuCheck.Workloads;

/// <summary>A paged cache with one sequence per row, whose pages lie anywhere in it, as in a pool that has been in use for long.</summary>
internal sealed class CacheScene : IScene
{
    private readonly KvRow[] _rows;

    /// <summary>Makes the cache and opens the sequences. Nothing is computed yet.</summary>
    /// <param name="device">Where the cache lies.</param>
    /// <param name="shape">The shape of a layer.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="lengths">Tokens of each row, those that a step is to compute among them; the cache has room for just these.</param>
    /// <param name="seed">Where the order of pages comes from.</param>
    public CacheScene(IKvDevice device, AttentionShape shape, int layers, IReadOnlyList<int> lengths, int seed)
    {
        int blocks = lengths.Sum(length => (length + shape.BlockTokens - 1) / shape.BlockTokens);
        Allocator = new PagedKvAllocator(new PagedKvAllocatorOptions
        {
            Geometry = shape.Geometry(layers),
            Device = device,
            BlockTokens = shape.BlockTokens,
            BlockCount = Math.Max(1, blocks),
            PrefixCaching = false,
        });
        BlockCount = blocks;
        Shuffle(blocks, seed);
        _rows = new KvRow[lengths.Count];
        for (int row = 0; row < _rows.Length; row++)
        {
            _rows[row] = new KvRow(Open(lengths[row]), 0);
        }
    }

    public PagedKvAllocator Allocator { get; }

    public int BlockCount { get; }

    /// <inheritdoc/>
    public KvStep Begin(IReadOnlyList<int> counts)
    {
        for (int row = 0; row < _rows.Length; row++)
        {
            _rows[row] = _rows[row] with { TokenCount = counts[row] };
        }

        return Allocator.BeginStep(_rows);
    }

    /// <inheritdoc/>
    public void ForEachRegion(Action<nint, long> region)
    {
        using KvStep step = Begin(new int[_rows.Length]);
        for (int layer = 0; layer < Allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            region(view.KeyBase, BlockCount * view.KeyPageStride);
            region(view.ValueBase, BlockCount * view.ValuePageStride);
            step.Leave(layer);
        }
    }

    public void Dispose() => Allocator.Dispose();

    /// <summary>Takes all blocks one by one and gives them back in another order, the one in which they are taken next.</summary>
    private void Shuffle(int blocks, int seed)
    {
        KvSequence[] owners = new KvSequence[blocks];
        for (int i = 0; i < blocks; i++)
        {
            owners[i] = Open(1);
        }

        new Random(seed).Shuffle(owners);
        foreach (KvSequence owner in owners)
        {
            owner.Dispose();
        }
    }

    private KvSequence Open(int tokens) =>
        Allocator.TryOpen(new int[tokens], options: null, reserve: 0, out KvSequence? sequence, out KvRefusal refusal)
            ? sequence
            : throw new InvalidOperationException($"A sequence of {tokens} tokens was refused: {refusal}.");
}
