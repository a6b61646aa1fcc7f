using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Every variant that may be asked for, and which one serves which shape.</summary>
internal static class KernelCatalog
{
    /// <summary>Threads of a group of the prefill kernel.</summary>
    public const int PrefillThreads = 256;

    /// <summary>Queries that such a group serves.</summary>
    public const int PrefillQueries = 64;

    /// <summary>Gets all variants.</summary>
    public static IReadOnlyList<KernelVariant> All { get; } =
    [
        .. Of<Float32>(), .. Of<Float16>(), .. Of<PlainFloat16>(), .. Of<BFloat16>(),
        CombineKernel.Variant,
        CopyKernel<ListedPages>.Variant,
        CopyKernel<GatheredPages>.Variant,
        CopyKernel<ScatteredPages>.Variant,
        CopyKernel<Unaligned<ListedPages>>.Variant,
        CopyKernel<Unaligned<GatheredPages>>.Variant,
        CopyKernel<Unaligned<ScatteredPages>>.Variant,
    ];

    /// <summary>Gets those that a device with warps and a conversion of binary16 uses.</summary>
    public static IEnumerable<KernelVariant> OfCuda =>
        All.Where(variant => variant is KernelVariant<AppendArguments>
            || !variant.Configuration.StartsWith(nameof(PlainFloat16), StringComparison.Ordinal));

    public static KernelVariant<AppendArguments> Append(KvElementType type, bool aligned) => type switch
    {
        KvElementType.Float32 => Append<Float32>(aligned),
        KvElementType.Float16 => Append<PlainFloat16>(aligned),
        _ => Append<BFloat16>(aligned),
    };

    /// <summary>The decode kernel for a group of query heads.</summary>
    public static KernelVariant<AttendArguments> Decode(KvElementType type, bool plainHalf, bool aligned, int group) => type switch
    {
        KvElementType.Float32 => Decode<Float32>(aligned, group),
        KvElementType.Float16 => plainHalf ? Decode<PlainFloat16>(aligned, group) : Decode<Float16>(aligned, group),
        _ => Decode<BFloat16>(aligned, group),
    };

    /// <summary>How many of a group's query heads that kernel serves at once.</summary>
    public static int DecodeHeads(bool aligned, int group) => aligned ? (group < 3 ? group : FourHeads.Count) : TwoHeads.Count;

    /// <summary>The prefill kernel for values of a dim, at most 256.</summary>
    public static KernelVariant<AttendArguments> Prefill(KvElementType type, bool plainHalf, bool aligned, int valueDim) => type switch
    {
        KvElementType.Float32 => Prefill<Float32>(aligned, valueDim),
        KvElementType.Float16 => plainHalf ? Prefill<PlainFloat16>(aligned, valueDim) : Prefill<Float16>(aligned, valueDim),
        _ => Prefill<BFloat16>(aligned, valueDim),
    };

    /// <summary>The kernel without exchange between threads.</summary>
    public static KernelVariant<AttendArguments> Thread(KvElementType type, bool plainHalf) => type switch
    {
        KvElementType.Float32 => ThreadKernel<Float32>.Variant,
        KvElementType.Float16 => plainHalf ? ThreadKernel<PlainFloat16>.Variant : ThreadKernel<Float16>.Variant,
        _ => ThreadKernel<BFloat16>.Variant,
    };

    /// <summary>The copy between places of a kind.</summary>
    public static KernelVariant<CopyArguments> Copy<TPlaces>(bool aligned)
        where TPlaces : struct, ICopyPlaces => aligned ? CopyKernel<TPlaces>.Variant : CopyKernel<Unaligned<TPlaces>>.Variant;

    private static KernelVariant<AppendArguments> Append<TElement>(bool aligned)
        where TElement : struct, IElement =>
        aligned ? AppendKernel<TElement, AlignedLayout>.Variant : AppendKernel<TElement, AnyLayout>.Variant;

    private static KernelVariant<AttendArguments> Decode<TElement>(bool aligned, int group)
        where TElement : struct, IElement =>
        !aligned ? DecodeKernel<TElement, AnyLayout, TwoHeads>.Variant
        : group == 1 ? DecodeKernel<TElement, AlignedLayout, OneHead>.Variant
        : group == 2 ? DecodeKernel<TElement, AlignedLayout, TwoHeads>.Variant
        : DecodeKernel<TElement, AlignedLayout, FourHeads>.Variant;

    private static KernelVariant<AttendArguments> Prefill<TElement>(bool aligned, int valueDim)
        where TElement : struct, IElement =>
        !aligned ? PrefillKernel<TElement, AnyLayout, Width256>.Variant
        : valueDim <= 64 ? PrefillKernel<TElement, AlignedLayout, Width64>.Variant
        : valueDim <= 128 ? PrefillKernel<TElement, AlignedLayout, Width128>.Variant
        : PrefillKernel<TElement, AlignedLayout, Width256>.Variant;

    private static IEnumerable<KernelVariant> Of<TElement>()
        where TElement : struct, IElement =>
    [
        Decode<TElement>(true, 1), Decode<TElement>(true, 2), Decode<TElement>(true, 4), Decode<TElement>(false, 4),
        Prefill<TElement>(true, 64), Prefill<TElement>(true, 128), Prefill<TElement>(true, 256), Prefill<TElement>(false, 256),
        ThreadKernel<TElement>.Variant,
        .. typeof(TElement) == typeof(Float16) ? Array.Empty<KernelVariant>() : [Append<TElement>(true), Append<TElement>(false)],
    ];
}
