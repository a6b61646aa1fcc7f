using System.Runtime.CompilerServices;
using KvCache.Gpu.Kernels.Layouts;

namespace KvCache.Gpu.Kernels;

/// <summary>Where a position's heads lie.</summary>
internal static class Pages
{
    /// <summary>The page of a row's position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PageOf<TLayout>(CacheArguments cache, int row, int position)
        where TLayout : struct, ILayout => cache.PageTable[((long)row * cache.PageTableRowStride) + TLayout.Column(cache, position)];

    /// <summary>The byte where a position's key of one head begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Key<TLayout>(CacheArguments cache, int page, int position, int kvHead)
        where TLayout : struct, ILayout =>
        (page * cache.KeyPageStride) + (TLayout.Offset(cache, position) * cache.KeyTokenStride) + (kvHead * cache.KeyHeadStride);

    /// <summary>The byte where a position's value of one head begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Value<TLayout>(CacheArguments cache, int page, int position, int kvHead)
        where TLayout : struct, ILayout =>
        (page * cache.ValuePageStride) + (TLayout.Offset(cache, position) * cache.ValueTokenStride) + (kvHead * cache.ValueHeadStride);
}
