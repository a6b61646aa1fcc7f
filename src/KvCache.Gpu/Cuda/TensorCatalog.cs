using KvCache.Gpu.Cuda.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>Every variant on tensor cores, and which one serves which shape.</summary>
internal static class TensorCatalog
{
    /// <summary>Queries that a block of the prefill kernel serves.</summary>
    public const int PrefillQueries = TensorPrefill128<HalfMatrix>.Queries;

    /// <summary>Gets the head dims that decode kernels serve, and the query heads of a block.</summary>
    public static IReadOnlyList<(int Dim, int Heads)> DecodeShapes { get; } = [(64, 8), (64, 16), (128, 8), (128, 16), (256, 8)];

    /// <summary>Gets the variants that are used where nothing was measured.</summary>
    public static IReadOnlyList<TensorVariant> All { get; } =
    [
        .. DecodeOfAll(KvElementType.Float16, true, null), .. DecodeOfAll(KvElementType.Float16, false, null),
        .. DecodeOfAll(KvElementType.BFloat16, true, null), .. DecodeOfAll(KvElementType.BFloat16, false, null),
        .. OfPrefill<HalfMatrix>(), .. OfPrefill<BrainMatrix>(),
    ];

    /// <summary>Gets those among which measurements may choose besides.</summary>
    public static IEnumerable<TensorVariant> Others =>
        from type in (KvElementType[])[KvElementType.Float16, KvElementType.BFloat16]
        from largePages in (bool[])[true, false]
        from block in DecodeBlock.All
        from variant in DecodeOfAll(type, largePages, block)
        where !All.Contains(variant)
        select variant;

    /// <summary>Whether there are variants for a cache's elements.</summary>
    public static bool Serves(KvElementType type) => type is KvElementType.Float16 or KvElementType.BFloat16;

    /// <summary>The decode kernel for a shape; null where there is none.</summary>
    /// <param name="type">The cache's elements.</param>
    /// <param name="dim">The dim of keys and of values.</param>
    /// <param name="group">Query heads of a KV head.</param>
    /// <param name="largePages">Whether pages have a multiple of 16 tokens, or a row has only one.</param>
    /// <param name="block">The make-up of a block; null for the default.</param>
    public static TensorVariant? Decode(KvElementType type, int dim, int group, bool largePages, DecodeBlock? block = null)
    {
        DecodeBlock wanted = block ?? DecodeBlock.DefaultOf(dim);
        return (type, largePages) switch
        {
            (KvElementType.Float16, true) => DecodeOf<HalfMatrix, LargePages>(wanted, dim, group),
            (KvElementType.Float16, false) => DecodeOf<HalfMatrix, SmallPages>(wanted, dim, group),
            (KvElementType.BFloat16, true) => DecodeOf<BrainMatrix, LargePages>(wanted, dim, group),
            (KvElementType.BFloat16, false) => DecodeOf<BrainMatrix, SmallPages>(wanted, dim, group),
            _ => null,
        };
    }

    /// <summary>How many of a group's query heads the decode kernel serves in a block.</summary>
    public static int DecodeHeads(int dim, int group) => group > 8 && dim <= 128 ? 16 : 8;

    /// <summary>The prefill kernel for a shape; null where there is none.</summary>
    public static TensorVariant? Prefill(KvElementType type, int dim) => type switch
    {
        KvElementType.Float16 => Prefill<HalfMatrix>(dim),
        KvElementType.BFloat16 => Prefill<BrainMatrix>(dim),
        _ => null,
    };

    private static TensorVariant? Prefill<TElement>(int dim)
        where TElement : struct, IMatrixElement => dim switch
        {
            64 => TensorPrefill64<TElement>.Variant,
            128 => TensorPrefill128<TElement>.Variant,
            _ => null,
        };

    private static IEnumerable<TensorVariant> DecodeOfAll(KvElementType type, bool largePages, DecodeBlock? block) =>
        DecodeShapes.Select(shape => Decode(type, shape.Dim, shape.Heads, largePages, block)!);

    private static TensorVariant? DecodeOf<TElement, TPages>(DecodeBlock block, int dim, int group)
        where TElement : struct, IMatrixElement
        where TPages : struct, IPageWalk => (block.Warps, block.Stages) switch
        {
            (2, 3) => DecodeOf<TElement, TPages, Warps2Stages3>(dim, group),
            (2, 4) => DecodeOf<TElement, TPages, Warps2Stages4>(dim, group),
            (4, 2) => DecodeOf<TElement, TPages, Warps4Stages2>(dim, group),
            (4, 3) => DecodeOf<TElement, TPages, Warps4Stages3>(dim, group),
            (4, 4) => DecodeOf<TElement, TPages, Warps4Stages4>(dim, group),
            (8, 2) => DecodeOf<TElement, TPages, Warps8Stages2>(dim, group),
            _ => null,
        };

    private static TensorVariant? DecodeOf<TElement, TPages, TBlock>(int dim, int group)
        where TElement : struct, IMatrixElement
        where TPages : struct, IPageWalk
        where TBlock : struct, IDecodeBlock => (dim, DecodeHeads(dim, group)) switch
        {
            (64, 8) => TensorDecode64x8<TElement, TPages, TBlock>.Variant,
            (64, _) => TensorDecode64x16<TElement, TPages, TBlock>.Variant,
            (128, 8) => TensorDecode128x8<TElement, TPages, TBlock>.Variant,
            (128, _) => TensorDecode128x16<TElement, TPages, TBlock>.Variant,
            (256, _) => TensorDecode256x8<TElement, TPages, TBlock>.Variant,
            _ => null,
        };

    private static TensorVariant[] OfPrefill<TElement>()
        where TElement : struct, IMatrixElement => [TensorPrefill64<TElement>.Variant, TensorPrefill128<TElement>.Variant];
}
