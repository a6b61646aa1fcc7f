using KvCache.Cuda.Driver;
using KvCache.Memory;

namespace KvCache.Cuda;

/// <summary>Copies between host and device beside the device's work: a stream of its own, in units that let others in between.</summary>
/// <remarks>
/// <para>Long copies are cut into units, because a link serves one copy at a time: whatever else needs it, such as a collective operation of several
/// devices, waits for one unit and not for all of it. From and to pageable host memory the driver copies through a buffer of its own and the
/// call waits; <see cref="CudaDevice.TryAllocatePinned"/> gives memory from which it does not.</para>
/// <para>A link's copies are in order; their fences do not wait for the device's other work, nor the device's fences for them.
/// Any thread.</para>
/// </remarks>
public sealed unsafe class CudaHostLink : IHostLink, IDisposable
{
    private const uint NonBlocking = 1;
    private const uint NoTiming = 2;
    private readonly Lock _gate = new();
    private readonly CudaContext _context;
    private readonly nint _deviceStream;
    private readonly CudaTimeline _timeline;
    private nint _stream;
    private nint _order;
    private bool _disposed;

    /// <summary>Makes a link.</summary>
    /// <param name="device">The device.</param>
    /// <param name="unitBytes">The longest copy that is submitted in one piece; at least 1. Default: 1 MiB, about 40 µs on PCIe 4.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="unitBytes"/> is below 1.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public CudaHostLink(CudaDevice device, long unitBytes = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfLessThan(unitBytes, 1);
        using CudaScope scope = device.Enter();
        UnitBytes = unitBytes;
        _context = device.Shared;
        _deviceStream = device.Stream;
        nint created;
        Driver.Check(Driver.Entries.cuStreamCreate(&created, NonBlocking), CudaEntryPoint.cuStreamCreate);
        _stream = created;
        CudaError answer = Driver.Entries.cuEventCreate(&created, NoTiming);
        if (answer != CudaError.Success)
        {
            _ = Driver.Entries.cuStreamDestroy_v2(_stream);
            throw Driver.Describe(answer, CudaEntryPoint.cuEventCreate);
        }

        _order = created;
        _timeline = new CudaTimeline(_context, _stream);
        _context.AddOwner();
    }

    /// <summary>Gets the longest copy in bytes that is submitted in one piece.</summary>
    public long UnitBytes { get; }

    /// <summary>Gets the handle of the link's stream (<c>CUstream</c>).</summary>
    public nint Stream => _stream;

    private CudaDriver Driver => _context.Driver;

    /// <summary>Copies from the device to the host, after all work submitted to the device's stream so far.</summary>
    /// <param name="copies">The pieces: sources on the device, destinations on the host. They are read before the call returns.</param>
    /// <returns>The copy's fence and result. What the driver refuses is a transfer that has failed.</returns>
    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Submit(copies, toHost: true);

    /// <summary>Copies from the host to the device, after all work submitted to the device's stream so far.</summary>
    /// <param name="copies">The pieces: sources on the host, destinations on the device. They are read before the call returns.</param>
    /// <returns>The copy's fence and result. What the driver refuses is a transfer that has failed.</returns>
    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Submit(copies, toHost: false);

    /// <summary>Makes later work on the device's stream wait for what was submitted here so far, without the host waiting for it.</summary>
    /// <returns>Whether the driver took the order; if not, wait for the transfer.</returns>
    public bool TryMakeDeviceWait()
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            return TryOrder(first: _stream, then: _deviceStream);
        }
    }

    /// <summary>Waits for the copies and gives the stream back.</summary>
    /// <exception cref="CudaException">The driver refused to take something back; disposing again tries again.</exception>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            using (CudaScope scope = _context.Enter())
            {
                GiveBack();
            }

            _context.RemoveOwner();
            _disposed = true;
        }
    }

    private void GiveBack()
    {
        if (_order != 0)
        {
            _context.CheckReturn(Driver.Entries.cuStreamSynchronize(_stream), CudaEntryPoint.cuStreamSynchronize);
            _timeline.Destroy();
            _context.CheckReturn(Driver.Entries.cuEventDestroy_v2(_order), CudaEntryPoint.cuEventDestroy_v2);
            _order = 0;
        }

        if (_stream != 0)
        {
            _context.CheckReturn(Driver.Entries.cuStreamDestroy_v2(_stream), CudaEntryPoint.cuStreamDestroy_v2);
            _stream = 0;
        }
    }

    private KvTransfer Submit(ReadOnlySpan<KvCopy> copies, bool toHost)
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            bool submitted = TryOrder(first: _deviceStream, then: _stream);
            foreach (KvCopy copy in copies)
            {
                for (long offset = 0; submitted && offset < copy.Bytes; offset += UnitBytes)
                {
                    submitted = TrySubmit(copy.Source + (nint)offset, copy.Destination + (nint)offset, Math.Min(UnitBytes, copy.Bytes - offset), toHost);
                }
            }

            return new KvTransfer(_timeline.Record(failed: !submitted));
        }
    }

    private bool TrySubmit(nint source, nint destination, long bytes, bool toHost) => toHost
        ? Try(
            Driver.Entries.cuMemcpyDtoHAsync_v2((void*)destination, (ulong)source, (nuint)bytes, _stream), CudaEntryPoint.cuMemcpyDtoHAsync_v2)
        : Try(
            Driver.Entries.cuMemcpyHtoDAsync_v2((ulong)destination, (void*)source, (nuint)bytes, _stream), CudaEntryPoint.cuMemcpyHtoDAsync_v2);

    private bool TryOrder(nint first, nint then) =>
        Try(Driver.Entries.cuEventRecord(_order, first), CudaEntryPoint.cuEventRecord)
        && Try(Driver.Entries.cuStreamWaitEvent(then, _order, 0), CudaEntryPoint.cuStreamWaitEvent);

    private bool Try(CudaError answer, CudaEntryPoint entryPoint)
    {
        if (answer != CudaError.Success)
        {
            _context.Note(answer, entryPoint);
        }

        return answer == CudaError.Success;
    }

    private CudaScope Enter()
    {
        ObjectDisposedException.ThrowIf(_disposed || _order == 0, this);
        return _context.Enter();
    }
}
