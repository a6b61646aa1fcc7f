using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Tiers;

/// <summary>The pieces of one copy between a device's pages and the places of a host tier; what lies side by side in both is one piece.</summary>
internal sealed class TierCopies(PagedMemory host)
{
    private KvCopy[] _pieces = new KvCopy[64];
    private int _count;
    private bool _toHost;

    public ReadOnlySpan<KvCopy> Pieces => _pieces.AsSpan(0, _count);

    public long Bytes { get; private set; }

    public bool ToHost => _toHost;

    public void Begin(bool toHost)
    {
        _toHost = toHost;
        _count = 0;
        Bytes = 0;
    }

    /// <summary>Adds whole pages of one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="keys">The address of page 0's keys on the device.</param>
    /// <param name="values">The address of page 0's values on the device.</param>
    /// <param name="pages">The device's pages.</param>
    /// <param name="places">The host's, as many.</param>
    public void Add(int layer, nint keys, nint values, ReadOnlySpan<int> pages, ReadOnlySpan<int> places)
    {
        AddLane(keys, host.Layout.KeyPageStride, host.KeyBase(layer), host.Layout.KeyPageStride, pages, places);
        AddLane(values, host.Layout.ValuePageStride, host.ValueBase(layer), host.Layout.ValuePageStride, pages, places);
    }

    /// <summary>Adds whole pages of one layer that hold keys and values token by token. The host has their bytes as they come, a part with the keys and the rest with the values.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="device">The address of page 0 on the device.</param>
    /// <param name="pages">The device's pages.</param>
    /// <param name="places">The host's, as many.</param>
    public void AddInterleaved(int layer, nint device, ReadOnlySpan<int> pages, ReadOnlySpan<int> places)
    {
        (long keyBytes, long valueBytes) = (host.Layout.KeyPageStride, host.Layout.ValuePageStride);
        AddLane(device, keyBytes + valueBytes, host.KeyBase(layer), keyBytes, pages, places);
        AddLane(device + (nint)keyBytes, keyBytes + valueBytes, host.ValueBase(layer), valueBytes, pages, places);
    }

    private void AddLane(nint device, long stride, nint host, long pageBytes, ReadOnlySpan<int> pages, ReadOnlySpan<int> places)
    {
        for (int first = 0, end; first < pages.Length; first = end)
        {
            end = first + 1;
            while (stride == pageBytes && end < pages.Length && pages[end] == pages[end - 1] + 1 && places[end] == places[end - 1] + 1)
            {
                end++;
            }

            nint there = device + (nint)(pages[first] * stride);
            nint here = host + (nint)(places[first] * pageBytes);
            long bytes = (end - first) * pageBytes;
            if (_count == _pieces.Length)
            {
                Array.Resize(ref _pieces, _count * 2);
            }

            _pieces[_count++] = _toHost ? new KvCopy(there, here, bytes) : new KvCopy(here, there, bytes);
            Bytes += bytes;
        }
    }
}
