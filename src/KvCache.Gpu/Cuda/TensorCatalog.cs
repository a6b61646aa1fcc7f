using KvCache.Gpu.Cuda.Kernels;

namespace KvCache.Gpu.Cuda;

/// <summary>Every variant on tensor cores, and which one serves which shape.</summary>
internal static class TensorCatalog
{
    /// <summary>Queries that a block of the prefill kernel serves.</summary>
    public const int PrefillQueries = TensorPrefill128<HalfMatrix>.Queries;

    /// <summary>Gets all variants.</summary>
    public static IReadOnlyList<TensorVariant> All { get; } =
    [
        .. OfDecode<HalfMatrix, LargePages>(), .. OfDecode<HalfMatrix, SmallPages>(), .. OfDecode<BrainMatrix, LargePages>(),
        .. OfDecode<BrainMatrix, SmallPages>(), .. OfPrefill<HalfMatrix>(), .. OfPrefill<BrainMatrix>(),
    ];

    /// <summary>Whether there are variants for a cache's elements.</summary>
    public static bool Serves(KvElementType type) => type is KvElementType.Float16 or KvElementType.BFloat16;

    /// <summary>The decode kernel for a shape; null where there is none.</summary>
    /// <param name="type">The cache's elements.</param>
    /// <param name="dim">The dim of keys and of values.</param>
    /// <param name="group">Query heads of a KV head.</param>
    /// <param name="largePages">Whether pages have a multiple of 16 tokens, or a row has only one.</param>
    public static TensorVariant? Decode(KvElementType type, int dim, int group, bool largePages)
    {
        int index = (dim, group > DecodeHeads(dim, 1)) switch
        {
            (64, false) => 0,
            (64, true) => 1,
            (128, false) => 2,
            (128, true) => 3,
            (256, _) => 4,
            _ => -1,
        };
        return index < 0 || !Serves(type) ? null : (type == KvElementType.Float16, largePages) switch
        {
            (true, true) => OfDecode<HalfMatrix, LargePages>()[index],
            (true, false) => OfDecode<HalfMatrix, SmallPages>()[index],
            (false, true) => OfDecode<BrainMatrix, LargePages>()[index],
            _ => OfDecode<BrainMatrix, SmallPages>()[index],
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

    private static TensorVariant[] OfDecode<TElement, TPages>()
        where TElement : struct, IMatrixElement
        where TPages : struct, IPageWalk => DecodeOf<TElement, TPages>.Variants;

    private static TensorVariant[] OfPrefill<TElement>()
        where TElement : struct, IMatrixElement => [TensorPrefill64<TElement>.Variant, TensorPrefill128<TElement>.Variant];

    private static class DecodeOf<TElement, TPages>
        where TElement : struct, IMatrixElement
        where TPages : struct, IPageWalk
    {
        public static TensorVariant[] Variants { get; } =
        [
            TensorDecode64x8<TElement, TPages>.Variant,
            TensorDecode64x16<TElement, TPages>.Variant,
            TensorDecode128x8<TElement, TPages>.Variant,
            TensorDecode128x16<TElement, TPages>.Variant,
            TensorDecode256x8<TElement, TPages>.Variant,
        ];
    }
}
