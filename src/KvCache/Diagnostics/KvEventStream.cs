using System.Diagnostics.CodeAnalysis;

namespace KvCache.Diagnostics;

/// <summary>A bounded stream of cache events, written by the allocator and read by one or more others.</summary>
/// <remarks>
/// <para>Writing never blocks and never grows: when the reader has fallen behind by the whole capacity, the backlog is
/// dropped and a <see cref="KvCacheEventKind.Resynchronize"/> mark takes its place.</para>
/// <para>Any thread; a short lock per event.</para>
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "It is a stream of events, and no System.IO.Stream could be meant.")]
public sealed class KvEventStream
{
    private readonly Lock _gate = new();
    private readonly KvCacheEvent[] _ring;
    private long _next;
    private long _oldest;
    private bool _lost;

    internal KvEventStream(int capacity) => _ring = new KvCacheEvent[capacity];

    /// <summary>Gets how many events can wait.</summary>
    public int Capacity => _ring.Length;

    /// <summary>Reads the oldest event that waits. Does not block.</summary>
    /// <param name="cacheEvent">The event, when the answer is true.</param>
    /// <returns>Whether there was one.</returns>
    public bool TryRead(out KvCacheEvent cacheEvent)
    {
        lock (_gate)
        {
            if (_lost)
            {
                _lost = false;
                cacheEvent = new KvCacheEvent(_oldest - 1, KvCacheEventKind.Resynchronize, default, default, 0);
                return true;
            }

            bool waiting = _oldest < _next;
            cacheEvent = waiting ? _ring[_oldest++ % _ring.Length] : default;
            return waiting;
        }
    }

    /// <summary>Gets the number that the next event will have.</summary>
    internal long NextSequenceNumber
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    internal void Write(KvCacheEventKind kind, UInt128 hash, UInt128 parentHash, int tokens)
    {
        lock (_gate)
        {
            if (_next - _oldest == _ring.Length)
            {
                _oldest = _next;
                _lost = true;
            }

            _ring[_next % _ring.Length] = new KvCacheEvent(_next, kind, hash, parentHash, tokens);
            _next++;
        }
    }
}
