using KvCache.Blocks;
using KvCache.Memory;
using KvCache.Paged;

namespace KvCache.Tiers;

/// <summary>The host's memory behind an allocator: the keys and values of suspended sequences, in blocks of one range with books of their own.</summary>
/// <remarks>
/// A copy is one call of the link, in which blocks that lie side by side on both sides are one piece per layer; so places are handed out in
/// ascending order. Owner thread; what <see cref="HostTier"/> shows may be read from anywhere.
/// </remarks>
internal sealed class HostStore : IDisposable
{
    private readonly BlockPool _pool;
    private readonly RetiredBlocks _retired;
    private readonly PagedMemory _memory;
    private readonly TierCopies _copies;
    private readonly IHostLink _link;
    private readonly IKvDevice _host;
    private readonly TimeProvider _clock;
    private readonly long _blockBytes;
    private readonly bool _isMeasured;
    private readonly LinkMeasurement _toHost;
    private readonly LinkMeasurement _toDevice;
    private int _suspended;
    private long _bytesToHost;
    private long _bytesToDevice;

    public HostStore(HostTierOptions options, KvGeometry geometry, int blockTokens, IKvDevice device)
    {
        int blocks = options.CountBlocks(geometry, blockTokens, device);
        Tier = new HostTier(this);
        _pool = new BlockPool(blocks, new LeastRecentlyUsed());
        _retired = new RetiredBlocks(_pool);
        _memory = new PagedMemory(options.Memory, geometry, blockTokens, blocks);
        _copies = new TierCopies(_memory);
        _host = options.Memory;
        _link = options.Link ?? device as IHostLink ?? new DeviceLink(device);
        _clock = options.Clock;
        _blockBytes = checked(geometry.BytesPerToken * blockTokens);
        _isMeasured = device.HasMemory;
        _toHost = new LinkMeasurement(options.AssumedBytesPerSecond);
        _toDevice = new LinkMeasurement(options.AssumedBytesPerSecond);
    }

    /// <summary>Gets what the allocator shows of it.</summary>
    public HostTier Tier { get; }

    public long TotalBytes => _pool.Capacity * _blockBytes;

    public long UsedBytes => _pool.Owned * _blockBytes;

    public int SuspendedSequences => Volatile.Read(ref _suspended);

    public long BytesToHost => Interlocked.Read(ref _bytesToHost);

    public long BytesToDevice => Interlocked.Read(ref _bytesToDevice);

    public LinkRate ToHost => _toHost.Rate;

    public LinkRate ToDevice => _toDevice.Rate;

    /// <summary>Takes places for a sequence's blocks, all or none.</summary>
    public bool TryTake(int blocks, out BlockTable places)
    {
        places = new BlockTable();
        Span<int> taken = places.Extend(blocks);
        if (!_pool.TryTake(taken))
        {
            places.Free();
            return false;
        }

        taken.Sort();
        return true;
    }

    /// <summary>Gives places back.</summary>
    public void Release(ref BlockTable places)
    {
        _pool.Release(places.Blocks);
        places.Free();
    }

    /// <summary>Begins a copy; <see cref="TryRun"/> makes it.</summary>
    public TierCopies Begin(bool toHost)
    {
        _copies.Begin(toHost);
        return _copies;
    }

    /// <summary>Makes the copy that was begun, and waits for it.</summary>
    /// <returns>Whether everything has arrived.</returns>
    public bool TryRun()
    {
        if (_copies.Bytes == 0)
        {
            return true;
        }

        long start = _clock.GetTimestamp();
        KvTransfer copy = _copies.ToHost ? _link.CopyToHost(_copies.Pieces) : _link.CopyToDevice(_copies.Pieces);
        if (!copy.Wait())
        {
            return false;
        }

        if (_isMeasured)
        {
            (_copies.ToHost ? _toHost : _toDevice).Observe(_copies.Bytes, _clock.GetElapsedTime(start).TotalSeconds);
        }

        CountBytes();
        return true;
    }

    /// <summary>Makes the copy that was begun from host to host, and waits for it.</summary>
    /// <returns>Whether everything has arrived.</returns>
    public bool TryRunOnHost()
    {
        if (_copies.Bytes > 0 && !_host.Copy(_copies.Pieces).Wait())
        {
            return false;
        }

        CountBytes();
        return true;
    }

    private void CountBytes() => Interlocked.Add(ref _copies.ToHost ? ref _bytesToHost : ref _bytesToDevice, _copies.Bytes);

    /// <summary>Counts a sequence that is suspended from now on (1), or no longer (−1).</summary>
    public void Count(int change) => Volatile.Write(ref _suspended, _suspended + change);

    /// <summary>Proves the books: those who say that they are suspended own all that is owned.</summary>
    public void CheckIntegrity(IEnumerable<(string Name, SuspendedContent Content)> suspended, Action<string> report)
    {
        PoolIntegrity pool = new(_pool, _retired, fault => report($"Host tier: {fault}"));
        int count = 0;
        foreach ((string name, SuspendedContent content) in suspended)
        {
            pool.AddOwner(name, content.Places);
            count++;
        }

        pool.Check();
        if (count != _suspended)
        {
            report($"Host tier: {count} sequences are suspended; the count says {_suspended}.");
        }
    }

    public void Dispose() => _memory.Dispose();
}
