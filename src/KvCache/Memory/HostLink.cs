using System.Diagnostics;

namespace KvCache.Memory;

/// <summary>A link between two ranges of the process's memory: a thread that copies beside the work, in short units.</summary>
/// <remarks>
/// <para>What somebody waits for is copied first; then what goes to the device, because a step will wait for it; then what goes to the host.
/// Each direction is in order. The bandwidth is an estimate over the last copies, in which every copy counts 0.9 times what the next one does.</para>
/// <para>Submitting allocates nothing once the queues have grown. Any thread; <see cref="Dispose"/> finishes what was submitted.</para>
/// </remarks>
public sealed class HostLink : IHostLink, IDisposable
{
    private readonly object _gate = new();
    private readonly HostLinkQueue _toDevice;
    private readonly HostLinkQueue _toHost;
    private readonly Action? _beforeUnit;
    private readonly Thread _worker;
    private bool _disposed;

    /// <summary>Makes a link and starts its thread.</summary>
    /// <param name="unitBytes">The longest copy that is made at a stretch; at least 1. Default: 1 MiB.</param>
    /// <param name="beforeUnit">
    /// Called on the link's thread before every such copy: it may wait while something else needs the memory's bandwidth. Where it throws,
    /// the copy fails. Default: null, nothing.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="unitBytes"/> is below 1.</exception>
    public HostLink(long unitBytes = 1 << 20, Action? beforeUnit = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(unitBytes, 1);
        UnitBytes = unitBytes;
        _beforeUnit = beforeUnit;
        _toDevice = new HostLinkQueue(_gate);
        _toHost = new HostLinkQueue(_gate);
        _worker = new Thread(Work) { IsBackground = true, Name = "KvCache host link" };
        _worker.Start();
    }

    /// <summary>Gets the longest copy in bytes that is made at a stretch.</summary>
    public long UnitBytes { get; }

    /// <inheritdoc/>
    /// <value>Null until something was copied.</value>
    public double? BytesToDevicePerSecond => _toDevice.BytesPerSecond;

    /// <inheritdoc/>
    /// <value>Null until something was copied.</value>
    public double? BytesToHostPerSecond => _toHost.BytesPerSecond;

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The link is disposed.</exception>
    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Submit(_toDevice, copies);

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The link is disposed.</exception>
    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Submit(_toHost, copies);

    /// <summary>Finishes what was submitted and ends the thread. Disposing twice does nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        _worker.Join();
    }

    private KvTransfer Submit(HostLinkQueue queue, ReadOnlySpan<KvCopy> copies)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            KvFence fence = queue.Add(copies);
            Monitor.PulseAll(_gate);
            return new KvTransfer(fence);
        }
    }

    private void Work()
    {
        List<KvCopy> pieces = [];
        while (TryTake(pieces, out HostLinkQueue? queue))
        {
            bool failed = false;
            long bytes = 0;
            long ticks = 0;
            foreach (KvCopy piece in pieces)
            {
                for (long offset = 0; offset < piece.Bytes && !failed; offset += UnitBytes)
                {
                    failed = !TryYield();
                    if (!failed)
                    {
                        KvCopy unit = new(piece.Source + (nint)offset, piece.Destination + (nint)offset, Math.Min(UnitBytes, piece.Bytes - offset));
                        long start = Stopwatch.GetTimestamp();
                        HostDevice.Instance.Copy([unit]);
                        ticks += Stopwatch.GetTimestamp() - start;
                        bytes += unit.Bytes;
                    }
                }
            }

            lock (_gate)
            {
                queue!.Pass(failed, bytes, (double)ticks / Stopwatch.Frequency);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryTake(List<KvCopy> pieces, out HostLinkQueue? queue)
    {
        lock (_gate)
        {
            while (true)
            {
                queue = Next();
                if (queue is not null)
                {
                    queue.Take(pieces);
                    return true;
                }

                if (_disposed)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }
        }
    }

    private HostLinkQueue? Next() =>
        _toHost is { HasWork: true, IsWaitedFor: true } && !_toDevice.IsWaitedFor ? _toHost
        : _toDevice.HasWork ? _toDevice
        : _toHost.HasWork ? _toHost
        : null;

    private bool TryYield()
    {
        try
        {
            _beforeUnit?.Invoke();
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}
