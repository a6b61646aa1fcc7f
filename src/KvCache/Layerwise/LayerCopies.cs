using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Layerwise;

/// <summary>Makes copies of whole pages between frames and the host's places: in short units, neighbours in one piece, counted and timed.</summary>
internal sealed class LayerCopies : IDisposable
{
    private readonly IHostLink _link;
    private readonly HostLink? _ownLink;
    private readonly Action? _beforeUnit;
    private readonly FrameArena _arena;
    private readonly PagedMemory _host;
    private readonly LinkMeter _toDevice;
    private readonly LinkMeter _toHost;
    private readonly LayerTraffic[] _traffic;
    private readonly long _pageBytes;
    private readonly int _unitPages;
    private readonly int _attempts;
    private KvCopy[] _pieces;
    private int _count;

    public LayerCopies(LayerwiseKvAllocatorOptions options, FrameArena arena, PagedMemory host)
    {
        _arena = arena;
        _host = host;
        _traffic = new LayerTraffic[options.Geometry.LayerCount];
        _pageBytes = arena.Layout.KeyPageStride + arena.Layout.ValuePageStride;
        _unitPages = (int)Math.Clamp(options.TransferUnitBytes / _pageBytes, 1, int.MaxValue);
        _pieces = new KvCopy[2 * Math.Clamp(_unitPages, 1, Math.Min(arena.Count, 2048))];
        _attempts = options.CopyAttempts;
        _toDevice = new LinkMeter(options.Clock, options.AssumedBytesPerSecond);
        _toHost = new LinkMeter(options.Clock, options.AssumedBytesPerSecond);
        if (options.Link is null && options.Device is HostDevice)
        {
            _ownLink = new HostLink(options.TransferUnitBytes, options.BeforeTransfer);
        }
        else
        {
            _beforeUnit = options.BeforeTransfer;
        }

        _link = options.Link ?? (IHostLink?)_ownLink ?? new DeviceLink(options.Device);
    }

    public double BytesToDevicePerSecond => _link.BytesToDevicePerSecond ?? _toDevice.BytesPerSecond;

    public double BytesToHostPerSecond => _link.BytesToHostPerSecond ?? _toHost.BytesPerSecond;

    public LayerTraffic this[int layer] => _traffic[layer];

    public void ResetCounts() => Array.Clear(_traffic);

    /// <summary>Submits the copies of frames' pages, and notes with each frame the copy that it waits for.</summary>
    public void Submit(ReadOnlySpan<int> numbers, Span<Frame> frames, bool toHost)
    {
        LinkMeter meter = toHost ? _toHost : _toDevice;
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

            _beforeUnit?.Invoke();
            ReadOnlySpan<KvCopy> pieces = _pieces.AsSpan(0, _count);
            meter.Submitting();
            KvTransfer copy = toHost ? _link.CopyToHost(pieces) : _link.CopyToDevice(pieces);
            long mark = meter.Submitted(copy, unit.Length * _pageBytes);
            foreach (int number in unit)
            {
                ref Frame frame = ref frames[number];
                frame.Copy = copy;
                frame.Mark = mark;
                frame.Attempts++;
            }
        }
    }

    /// <summary>Waits for a frame's copy.</summary>
    /// <returns>Whether the bytes have arrived.</returns>
    public bool Wait(ref Frame frame, bool toHost) =>
        toHost ? _toHost.Wait(frame.Copy, frame.Mark) : _toDevice.Wait(frame.Copy, frame.Mark);

    /// <summary>Copies parts of pages to the host and waits for it.</summary>
    public bool TryCopyToHost(ReadOnlySpan<KvCopy> pieces)
    {
        for (int attempt = 0; attempt < _attempts; attempt++)
        {
            if (_link.CopyToHost(pieces).Wait())
            {
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _ownLink?.Dispose();

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
