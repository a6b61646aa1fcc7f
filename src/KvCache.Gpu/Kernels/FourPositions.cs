using System.Runtime.CompilerServices;
using KvCache.Gpu.Kernels.Elements;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>A lane's elements of the keys and values of four positions, all asked for before one is used.</summary>
internal struct FourPositions
{
    public Floats8 KeyA;
    public Floats8 KeyB;
    public Floats8 KeyC;
    public Floats8 KeyD;
    public Floats8 ValueA;
    public Floats8 ValueB;
    public Floats8 ValueC;
    public Floats8 ValueD;
    public uint MaskA; // all ones where the position is one of the segment's
    public uint MaskB;
    public uint MaskC;
    public uint MaskD;

    /// <summary>Loads positions first, first + step, …; from <paramref name="end"/> on they are zero, and the last one before is read instead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourPositions Load<TElement, TLayout>(CacheArguments cache, int row, int kvHead, int element, int first, int step, int end)
        where TElement : struct, IElement
        where TLayout : struct, ILayout
    {
        FourPositions loaded = default;
        int a = Math.Min(first, end - 1);
        int b = Math.Min(first + step, end - 1);
        int c = Math.Min(first + (2 * step), end - 1);
        int d = Math.Min(first + (3 * step), end - 1);
        loaded.MaskA = first < end ? 0xFFFFFFFF : 0;
        loaded.MaskB = first + step < end ? 0xFFFFFFFF : 0;
        loaded.MaskC = first + (2 * step) < end ? 0xFFFFFFFF : 0;
        loaded.MaskD = first + (3 * step) < end ? 0xFFFFFFFF : 0;
        int pageA = Pages.PageOf<TLayout>(cache, row, a);
        int pageB = Pages.PageOf<TLayout>(cache, row, b);
        int pageC = Pages.PageOf<TLayout>(cache, row, c);
        int pageD = Pages.PageOf<TLayout>(cache, row, d);
        loaded.KeyA = LoadKey<TElement, TLayout>(cache, pageA, a, kvHead, element, loaded.MaskA);
        loaded.KeyB = LoadKey<TElement, TLayout>(cache, pageB, b, kvHead, element, loaded.MaskB);
        loaded.KeyC = LoadKey<TElement, TLayout>(cache, pageC, c, kvHead, element, loaded.MaskC);
        loaded.KeyD = LoadKey<TElement, TLayout>(cache, pageD, d, kvHead, element, loaded.MaskD);
        loaded.ValueA = LoadValue<TElement, TLayout>(cache, pageA, a, kvHead, element, loaded.MaskA);
        loaded.ValueB = LoadValue<TElement, TLayout>(cache, pageB, b, kvHead, element, loaded.MaskB);
        loaded.ValueC = LoadValue<TElement, TLayout>(cache, pageC, c, kvHead, element, loaded.MaskC);
        loaded.ValueD = LoadValue<TElement, TLayout>(cache, pageD, d, kvHead, element, loaded.MaskD);
        return loaded;
    }

    /// <summary>This lane's part of a query's products with the four keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Floats4 Products(FourPositions positions, Floats8 query) => new(
        Floats8.Dot(query, positions.KeyA),
        Floats8.Dot(query, positions.KeyB),
        Floats8.Dot(query, positions.KeyC),
        Floats8.Dot(query, positions.KeyD));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats8 LoadKey<TElement, TLayout>(CacheArguments cache, int page, int position, int kvHead, int element, uint mask)
        where TElement : struct, IElement
        where TLayout : struct, ILayout =>
        TLayout.Load<TElement>(cache.Keys, Pages.Key<TLayout>(cache, page, position, kvHead), element, cache.KeyDim, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Floats8 LoadValue<TElement, TLayout>(CacheArguments cache, int page, int position, int kvHead, int element, uint mask)
        where TElement : struct, IElement
        where TLayout : struct, ILayout =>
        TLayout.Load<TElement>(cache.Values, Pages.Value<TLayout>(cache, page, position, kvHead), element, cache.ValueDim, mask);
}
