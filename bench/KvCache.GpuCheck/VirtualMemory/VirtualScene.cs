using KvCache.Gpu;
using KvCache.GpuCheck.Workloads;
using KvCache.Memory;
using KvCache.Virtual;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>A cache of virtual tensors with one sequence per row, which the device has been told of.</summary>
internal sealed class VirtualScene : IScene
{
    private readonly IVirtualMemory _memory;
    private readonly VirtualKvAllocator _allocator;
    private readonly List<GpuForeignMemory> _known = [];
    private readonly KvRow[] _rows;

    /// <summary>Makes the cache and opens the sequences. Nothing is computed yet.</summary>
    /// <param name="device">The device that computes.</param>
    /// <param name="mapped">What maps memory into its addresses.</param>
    /// <param name="shape">The shape of a layer.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="lengths">Tokens of each row, those that a step is to compute among them; the cache has room for just these.</param>
    public VirtualScene(GpuDevice device, MappedMemory mapped, AttentionShape shape, int layers, IReadOnlyList<int> lengths)
    {
        KvGeometry geometry = shape.Geometry(layers);
        _memory = mapped.Create(chunkBytes =>
        {
            ChunkPlan plan = new(geometry, chunkBytes, shape.BlockTokens);
            return lengths.Sum(length => Math.Max(1, (length + plan.GroupTokens - 1) / plan.GroupTokens)) * plan.ChunksPerGroup;
        });
        _allocator = new VirtualKvAllocator(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            Memory = _memory,
            BlockTokens = shape.BlockTokens,
            MaxSequences = lengths.Count,
            MaxSequenceTokens = Math.Max(1, lengths.Max()),
            LookaheadTokens = 0,
            PrefixCaching = false,
        });
        for (int layer = 0; layer < layers; layer++)
        {
            Tell(device, _allocator.GetKeyRange(layer));
            Tell(device, _allocator.GetValueRange(layer));
        }

        _rows = [.. lengths.Select(length => new KvRow(Open(length), 0))];
    }

    /// <inheritdoc/>
    public KvStep Begin(IReadOnlyList<int> counts)
    {
        for (int row = 0; row < _rows.Length; row++)
        {
            _rows[row] = _rows[row] with { TokenCount = counts[row] };
        }

        return _allocator.BeginStep(_rows);
    }

    /// <inheritdoc/>
    public void ForEachRegion(Action<nint, long> region)
    {
        using KvStep step = Begin(new int[_rows.Length]);
        for (int layer = 0; layer < _allocator.Geometry.LayerCount; layer++)
        {
            KvLayerView view = step.Enter(layer);
            for (int row = 0; row < _rows.Length; row++)
            {
                int capacity = Math.Min(_rows[row].Sequence.Capacity, view.TokensPerPage);
                if (capacity > 0)
                {
                    long slot = view.PageTableRow(row)[0];
                    region(view.KeyBase + (nint)(slot * view.KeyPageStride), capacity * view.KeyTokenStride);
                    region(view.ValueBase + (nint)(slot * view.ValuePageStride), capacity * view.ValueTokenStride);
                }
            }

            step.Leave(layer);
        }
    }

    public void Dispose()
    {
        _known.ForEach(static known => known.Dispose());
        _allocator.Dispose();
        _memory.Dispose();
    }

    private void Tell(GpuDevice device, (nint Address, long Bytes) range) => _known.Add(device.Wrap(range.Address, range.Bytes));

    private KvSequence Open(int tokens) =>
        _allocator.TryOpen(new int[tokens], options: null, reserve: 0, out KvSequence? sequence, out KvRefusal refusal)
            ? sequence
            : throw new InvalidOperationException($"A sequence of {tokens} tokens was refused: {refusal}.");
}
