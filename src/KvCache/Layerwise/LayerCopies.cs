using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>Makes copies of whole pages between frames and the host's places: in short units, neighbours in one piece, counted and timed.</summary>
internal sealed class LayerCopies
{
    private readonly IHostLink _link;
    private readonly FrameArena _arena;
    private readonly PagedMemory _host;
    private readonly LayerwiseKvAllocatorOptions _options;
    private readonly LayerTraffic[] _traffic;
    private readonly long _pageBytes;
    private readonly int _unitPages;
    private KvCopy[] _pieces = new KvCopy[16];
    private int _count;

    public LayerCopies(LayerwiseKvAllocatorOptions options, FrameArena arena, PagedMemory host)
    {
        _options = options;
        _link = options.Link ?? new DeviceLink(options.Device);
        _arena = arena;
        _host = host;
        _traffic = new LayerTraffic[options.Geometry.LayerCount];
        _pageBytes = arena.Layout.KeyPageStride + arena.Layout.ValuePageStride;
        _unitPages = (int)Math.Clamp(options.TransferUnitBytes / _pageBytes, 1, int.MaxValue);
        ToDevice = new BandwidthEstimate(options.AssumedBytesPerSecond);
        ToHost = new BandwidthEstimate(options.AssumedBytesPerSecond);
    }

    public BandwidthEstimate ToDevice { get; }

    public BandwidthEstimate ToHost { get; }

    public LayerTraffic this[int layer] => _traffic[layer];

    public void ResetCounts() => Array.Clear(_traffic);

    /// <summary>Submits the copies of frames' pages, and notes with each frame the copy that it waits for.</summary>
    public void Submit(ReadOnlySpan<int> numbers, Span<Frame> frames, bool toHost)
    {
        while (!numbers.IsEmpty)
        {
            ReadOnlySpan<int> unit = numbers[..Math.Min(_unitPages, numbers.Length)];
            numbers = numbers[unit.Length..];
            _count = 0;
            foreach (int number in unit)
            {
                ref Frame frame = ref frames[number];
                Add(number, frame.Layer, frame.Block, toHost);
                Count(frame.Layer, toHost);
            }

            _options.BeforeTransfer?.Invoke();
            long start = _options.Clock.GetTimestamp();
            KvTransfer copy = toHost
                ? _link.CopyToHost(_pieces.AsSpan(0, _count))
                : _link.CopyToDevice(_pieces.AsSpan(0, _count));
            if (copy.Fence.HasPassed)
            {
                Observe(unit.Length, start, toHost);
            }

            foreach (int number in unit)
            {
                frames[number].Copy = copy;
                frames[number].Attempts++;
            }
        }
    }

    /// <summary>Copies parts of pages to the host.</summary>
    public KvTransfer ToHostOnce(ReadOnlySpan<KvCopy> pieces) => _link.CopyToHost(pieces);

    /// <summary>Notes the time of pages that were waited for since a moment.</summary>
    public void Observe(int pages, long start, bool toHost) =>
        (toHost ? ToHost : ToDevice).Observe(pages * _pageBytes, _options.Clock.GetElapsedTime(start).TotalSeconds);

    /// <summary>Now, by the clock of the copies.</summary>
    public long Now => _options.Clock.GetTimestamp();

    private void Count(int layer, bool toHost)
    {
        ref LayerTraffic counts = ref _traffic[layer];
        counts = toHost
            ? counts with { BytesToHost = counts.BytesToHost + _pageBytes }
            : counts with { BytesToDevice = counts.BytesToDevice + _pageBytes };
    }

    private void Add(int frame, int layer, int block, bool toHost)
    {
        long keyBytes = _arena.Layout.KeyPageStride;
        long valueBytes = _arena.Layout.ValuePageStride;
        nint hostKeys = _host.KeyBase(layer) + (nint)(block * keyBytes);
        nint hostValues = _host.ValueBase(layer) + (nint)(block * valueBytes);
        if (_count + 2 > _pieces.Length)
        {
            Array.Resize(ref _pieces, _pieces.Length * 2);
        }

        KvCopy keys = Piece(_arena.KeyAddress(frame), hostKeys, keyBytes, toHost);
        KvCopy values = Piece(_arena.ValueAddress(frame), hostValues, valueBytes, toHost);
        if (_count >= 2 && Follows(_pieces[_count - 2], keys) && Follows(_pieces[_count - 1], values))
        {
            _pieces[_count - 2] = Joined(_pieces[_count - 2], keys);
            _pieces[_count - 1] = Joined(_pieces[_count - 1], values);
            return;
        }

        _pieces[_count++] = keys;
        _pieces[_count++] = values;
    }

    private static KvCopy Piece(nint device, nint host, long bytes, bool toHost) =>
        toHost ? new KvCopy(device, host, bytes) : new KvCopy(host, device, bytes);

    private static bool Follows(KvCopy first, KvCopy next) =>
        next.Source == first.Source + (nint)first.Bytes && next.Destination == first.Destination + (nint)first.Bytes;

    private static KvCopy Joined(KvCopy first, KvCopy next) => first with { Bytes = first.Bytes + next.Bytes };
}
