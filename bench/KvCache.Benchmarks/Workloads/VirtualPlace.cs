using KvCache.Virtual;

namespace KvCache.Benchmarks.Workloads;

/// <summary>Virtual tensors, whose chunks lie anywhere in memory.</summary>
/// <param name="ChunkBytes">Bytes of a chunk; from 2 MiB on they lie on huge pages where the system has them.</param>
/// <param name="Layout">How a token's keys and values lie.</param>
internal sealed record VirtualPlace(long ChunkBytes, TokenLayout Layout = TokenLayout.Separate) : CachePlace
{
    public override IKvAllocator Create(AttentionShape shape, KvGeometry geometry)
    {
        const int BlockTokens = 16;
        ChunkPlan plan = new(geometry, ChunkBytes, BlockTokens, Layout);
        long bytes = shape.Rows * plan.FootprintBytes(shape.Context);
        VirtualKvAllocator allocator = new(new VirtualKvAllocatorOptions
        {
            Geometry = geometry,
            MemoryBytes = bytes,
            ChunkBytes = ChunkBytes,
            BlockTokens = BlockTokens,
            Layout = Layout,
            MaxSequences = (int)(bytes / plan.GroupBytes),
            MaxSequenceTokens = shape.Context,
            LookaheadTokens = 0,
            PrefixCaching = false,
        });
        PoolFragmentation.Apply(allocator, plan.GroupTokens);
        return allocator;
    }

    public override string ToString() => $"virtual, chunks of {ChunkBytes >> 10} KiB, {Layout.ToString().ToLowerInvariant()}";
}
