using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Benchmarks.Workloads;

/// <summary>Pages of a pool in one piece of memory.</summary>
/// <param name="Order">How the pages of a row lie.</param>
/// <param name="BlockTokens">Tokens of a page; 0 for a row's whole context, plain contiguous memory.</param>
/// <param name="SmallPages">Whether the system's small pages are asked for instead of huge ones.</param>
internal sealed record PagedPlace(PageOrder Order, int BlockTokens = 16, bool SmallPages = false) : CachePlace
{
    public override PageOrder Order { get; } = Order;

    public override IKvAllocator Create(AttentionShape shape, KvGeometry geometry)
    {
        int blockTokens = BlockTokens == 0 ? shape.Context : BlockTokens;
        PagedKvAllocator allocator = new(new PagedKvAllocatorOptions
        {
            Geometry = geometry,
            Device = SmallPages ? new SmallPageDevice() : HostDevice.Instance,
            BlockTokens = blockTokens,
            BlockCount = shape.Rows * ((shape.Context + blockTokens - 1) / blockTokens),
            PrefixCaching = false,
        });
        if (Order == PageOrder.Shuffled)
        {
            PoolFragmentation.Apply(allocator, blockTokens);
        }

        return allocator;
    }

    public override string ToString() =>
        $"{(BlockTokens == 0 ? "contiguous" : $"{Order.ToString().ToLowerInvariant()} pages of {BlockTokens}")}{(SmallPages ? ", small system pages" : "")}";
}
