using System.Buffers;
using System.Numerics;
using KvCache.Cuda.Driver;
using KvCache.Cuda.Mapping;
using KvCache.Memory;

namespace KvCache.Cuda;

/// <summary>The GPU's virtual memory: ranges of device addresses, and chunks of device memory mapped into them.</summary>
/// <remarks>
/// <para>A run is one call per chunk to map, and one to give access to all of it. Chunks of a run may be mapped read-only, as shared prefixes
/// are: a kernel that writes there ends the context instead of changing other sequences.</para>
/// <para>Chunks can be created ahead by a thread of their own (<see cref="CudaVirtualMemoryOptions.SpareChunksHigh"/>), because creating takes the
/// driver a hundred times as long as mapping.</para>
/// <para>Arguments are checked against the memory's own books before the driver is called; what the driver then refuses is an answer for
/// <c>Try…</c>, and for the others is done later, at the latest by <see cref="Dispose"/>; <see cref="CudaDevice.LastError"/> names it. Only
/// a lost context throws <see cref="CudaException"/>. On devices before compute capability 8.0 every change of mappings waits for the device
/// first, and no kernel may be launched beside it.</para>
/// </remarks>
public sealed unsafe class CudaVirtualMemory : IVirtualMemory
{
    private readonly Lock _gate = new();
    private readonly CudaDevice _device;
    private readonly CudaContext _context;
    private readonly CudaMapper _mapper;
    private readonly CudaChunkFactory _factory;
    private readonly CudaChunkPool _pool;
    private readonly CudaRanges _ranges;
    private readonly CudaChunks _chunks;
    private bool _stopped;
    private bool _disposed;

    /// <summary>Makes the virtual memory of a device.</summary>
    /// <param name="device">The device. It may be disposed before the memory, but then no fence can be recorded.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="PlatformNotSupportedException">The device does not support virtual memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="CudaException">The driver refused.</exception>
    public CudaVirtualMemory(CudaDevice device, CudaVirtualMemoryOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        options ??= new CudaVirtualMemoryOptions();
        options.Validate();
        if (!device.Info.SupportsVirtualMemory)
        {
            throw new PlatformNotSupportedException($"{device.Name} does not support virtual memory management (CUDA device attribute 102 is 0).");
        }

        using CudaScope scope = device.Enter();
        _device = device;
        _context = device.Shared;
        GranularityBytes = GetGranularity(CudaGranularity.Minimum);
        ChunkBytes = options.ChunkBytes != 0 ? options.ChunkBytes : GetGranularity(CudaGranularity.Recommended);
        if (ChunkBytes <= 0 || !BitOperations.IsPow2(ChunkBytes) || ChunkBytes % GranularityBytes != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.ChunkBytes, $"ChunkBytes is {ChunkBytes}; expected a power of two and a multiple of {GranularityBytes}, the driver's granularity.");
        }

        ChunkCapacity = options.ChunkCapacity > 0
            ? options.ChunkCapacity
            : (int)Math.Clamp(device.Info.TotalBytes / ChunkBytes, 1, Array.MaxLength);
        _chunks = new CudaChunks(ChunkCapacity);
        _mapper = new CudaMapper(_context, device.Device, ChunkBytes, device.Info.CanMapWhileRunning);
        _ranges = new CudaRanges(_mapper);
        _factory = new CudaChunkFactory(_mapper);
        _context.AddOwner();
        int high = device.Info.CanMapWhileRunning ? options.SpareChunksHigh : 0;
        _pool = new CudaChunkPool(_context, _factory, Math.Min(options.SpareChunksLow, high), high, () => _chunks.Room);
    }

    /// <inheritdoc/>
    public string Name => "CUDA";

    /// <inheritdoc/>
    public IKvDevice Device => _device;

    /// <summary>Gets the driver's own granularity in bytes, of which <see cref="ChunkBytes"/> is a multiple.</summary>
    public long GranularityBytes { get; }

    /// <inheritdoc/>
    public long ChunkBytes { get; }

    /// <inheritdoc/>
    public int ChunkCapacity { get; }

    /// <inheritdoc/>
    public int CreatedChunks => _chunks.Created;

    /// <summary>Gets how many chunks were created ahead and wait to be used.</summary>
    public int SpareChunks => _pool.Count;

    /// <inheritdoc/>
    /// <remarks>The driver has a limit, but does not tell it: where it is reached, mapping more answers false.</remarks>
    public int MappingBudget => int.MaxValue;

    /// <inheritdoc/>
    public bool TryReserve(long bytes, out nint address)
    {
        if (bytes <= 0 || bytes % ChunkBytes != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(bytes), bytes, $"bytes is {bytes}; expected a positive multiple of {ChunkBytes}, the bytes of a chunk.");
        }

        lock (_gate)
        {
            using CudaScope scope = Enter();
            return _ranges.TryReserve(bytes, out address);
        }
    }

    /// <inheritdoc/>
    public void Release(nint address, long bytes)
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            _ranges.Release(address, bytes);
        }
    }

    /// <inheritdoc/>
    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            using HandleBuffer buffer = new(chunks.Length);
            Span<ulong> handles = buffer.Span;
            _chunks.Claim(chunks);
            int spare = _pool.Take(handles);
            bool created = false;
            try
            {
                return created = spare == chunks.Length || _factory.TryCreate(handles[spare..]);
            }
            finally
            {
                _pool.PutBack(created ? default : handles[..spare]);
                _chunks.Settle(chunks, created ? handles : default);
                _pool.Refresh(); // with the books settled, so that no more are made than there can be
            }
        }
    }

    /// <inheritdoc/>
    public void Destroy(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            using HandleBuffer buffer = new(chunks.Length);
            _chunks.Remove(chunks, buffer.Span);
            _factory.Destroy(buffer.Span);
            _pool.Refresh();
        }
    }

    /// <inheritdoc/>
    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable)
    {
        lock (_gate)
        {
            using CudaScope scope = Enter();
            CudaSection section = _ranges.FindEmpty(address, chunks.Length);
            using HandleBuffer buffer = new(chunks.Length);
            _chunks.Find(chunks, buffer.Span);
            if (!chunks.IsEmpty && !_ranges.TryMap(section, chunks, buffer.Span, writable))
            {
                return false;
            }

            _chunks.AddMappings(chunks);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Unmap(nint address, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        lock (_gate)
        {
            using CudaScope scope = Enter();
            CudaSection section = _ranges.FindMapped(address, count);
            if (count > 0)
            {
                _chunks.RemoveMappings(section);
                _ranges.Unmap(section);
            }
        }
    }

    /// <inheritdoc/>
    public KvFence RecordFence() => _device.RecordFence();

    /// <summary>Waits for the context's work and gives everything back: mappings, chunks, ranges, and the thread that creates ahead.</summary>
    /// <exception cref="CudaException">The driver refused to take something back; disposing again tries again.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _pool.Dispose(); // not under the lock, which the thread may need to end
        lock (_gate)
        {
            using (CudaScope scope = _context.Enter())
            {
                _stopped = true;
                GiveBack();
            }

            _context.RemoveOwner();
            _disposed = true;
        }
    }

    /// <summary>Blocks until no more chunks are being created ahead.</summary>
    internal void WaitForSpareChunks() => _pool.WaitUntilIdle();

    private void GiveBack()
    {
        try
        {
            bool done = _mapper.Try(_context.Driver.Entries.cuCtxSynchronize(), CudaEntryPoint.cuCtxSynchronize) && _ranges.TryGiveBack();
            if (done)
            {
                GiveBackChunks();
                done = _factory.TryDispose();
            }

            if (!done)
            {
                throw _context.LastError!;
            }
        }
        catch (CudaException exception) when (exception.IsSticky)
        {
            // The context is lost, and all that it held.
        }
    }

    private void GiveBackChunks()
    {
        Span<ulong> spare = stackalloc ulong[1];
        while (_pool.Take(spare) > 0)
        {
            _factory.Destroy(spare);
        }

        _factory.Destroy(_chunks.RemoveAll());
    }

    private long GetGranularity(CudaGranularity kind)
    {
        CudaAllocationProperties properties = CudaMapper.PropertiesOf(_device.Device);
        nuint bytes;
        CudaDriver driver = _context.Driver;
        driver.Check(
            driver.Entries.cuMemGetAllocationGranularity(&bytes, &properties, kind), CudaEntryPoint.cuMemGetAllocationGranularity);
        return (long)bytes;
    }

    private CudaScope Enter()
    {
        ObjectDisposedException.ThrowIf(_stopped, this);
        return _context.Enter();
    }

    /// <summary>Room for some handles.</summary>
    private readonly ref struct HandleBuffer(int count)
    {
        private readonly ulong[] _rented = ArrayPool<ulong>.Shared.Rent(count);

        public Span<ulong> Span => _rented.AsSpan(0, count);

        public void Dispose() => ArrayPool<ulong>.Shared.Return(_rented);
    }
}
