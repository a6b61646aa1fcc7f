using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels.Elements;

namespace KvCache.Gpu.Kernels.Layouts;

/// <summary>Heads of whole eights of elements that begin at multiples of 16 bytes, pages of 2ⁿ tokens or only one page.</summary>
internal readonly struct AlignedLayout : ILayout
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(CacheArguments cache, int position) => position >> cache.PageShift;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Offset(CacheArguments cache, int position) => position & (int)((1u << cache.PageShift) - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Load<TElement>(ArrayView<byte> memory, long head, int first, int dim, uint mask)
        where TElement : struct, IElement
    {
        bool inside = first < dim;
        return TElement.LoadEight(memory, head + ((inside ? first : 0) * TElement.Bytes), inside ? mask : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TElement>(ArrayView<float> source, long index, ArrayView<byte> memory, long head, int first, int dim)
        where TElement : struct, IElement =>
        TElement.StoreEight(
            memory, head + (first * TElement.Bytes), Float32.LoadEight(source.Cast<byte>(), index * sizeof(float), 0xFFFFFFFF));
}
