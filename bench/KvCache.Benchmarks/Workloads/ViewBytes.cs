namespace KvCache.Benchmarks.Workloads;

/// <summary>What lies in the pages of a view.</summary>
internal static unsafe class ViewBytes
{
    /// <summary>Copies the keys and values of all rows, page after page.</summary>
    public static byte[] Copy(KvLayerView view)
    {
        MemoryStream bytes = new();
        for (int row = 0; row < view.RowCount; row++)
        {
            foreach (int page in view.UsedPages(row))
            {
                bytes.Write(new ReadOnlySpan<byte>((byte*)view.KeyBase + (page * view.KeyPageStride), (int)view.KeyPageStride));
                bytes.Write(new ReadOnlySpan<byte>((byte*)view.ValueBase + (page * view.ValuePageStride), (int)view.ValuePageStride));
            }
        }

        return bytes.ToArray();
    }
}
