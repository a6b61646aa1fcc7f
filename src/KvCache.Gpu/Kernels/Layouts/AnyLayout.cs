using System.Runtime.CompilerServices;
using ILGPU;
using KvCache.Gpu.Kernels.Elements;

namespace KvCache.Gpu.Kernels.Layouts;

/// <summary>Heads of any dim anywhere, pages of any number of tokens: one element at a time.</summary>
internal readonly struct AnyLayout : ILayout
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Column(CacheArguments cache, int position) => position / cache.TokensPerPage;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Offset(CacheArguments cache, int position) => position % cache.TokensPerPage;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats8 Load<TElement>(ArrayView<byte> memory, long head, int first, int dim, uint mask)
        where TElement : struct, IElement => new(
        new Floats4(
            One<TElement>(memory, head, first, dim, mask),
            One<TElement>(memory, head, first + 1, dim, mask),
            One<TElement>(memory, head, first + 2, dim, mask),
            One<TElement>(memory, head, first + 3, dim, mask)),
        new Floats4(
            One<TElement>(memory, head, first + 4, dim, mask),
            One<TElement>(memory, head, first + 5, dim, mask),
            One<TElement>(memory, head, first + 6, dim, mask),
            One<TElement>(memory, head, first + 7, dim, mask)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TElement>(ArrayView<float> source, long index, ArrayView<byte> memory, long head, int first, int dim)
        where TElement : struct, IElement
    {
        int end = Math.Min(first + Floats8.Count, dim);
        for (int d = first; d < end; d++)
        {
            TElement.Store(memory, head + ((long)d * TElement.Bytes), source[index + d - first]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float One<TElement>(ArrayView<byte> memory, long head, int d, int dim, uint mask)
        where TElement : struct, IElement
    {
        bool inside = d < dim;
        float element = TElement.Load(memory, head + ((long)(inside ? d : 0) * TElement.Bytes));
        return Interop.IntAsFloat(Interop.FloatAsInt(element) & (inside ? mask : 0));
    }
}
