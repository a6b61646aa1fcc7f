namespace KvCache.Gpu;

/// <summary>Equal pages at equal distances in a device's memory, such as the keys of a layer.</summary>
/// <param name="Address">The first byte of page 0.</param>
/// <param name="Stride">Bytes from a page to the next; at least <paramref name="PageBytes"/>.</param>
/// <param name="PageBytes">Bytes of a page that are copied; at least 1.</param>
public readonly record struct GpuPages(nint Address, long Stride, long PageBytes)
{
    /// <summary>Pages that follow one another without gaps.</summary>
    /// <param name="address">The first byte of page 0.</param>
    /// <param name="pageBytes">Bytes of a page.</param>
    /// <returns>The pages.</returns>
    public static GpuPages Packed(nint address, long pageBytes) => new(address, pageBytes, pageBytes);
}
