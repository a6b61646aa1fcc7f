using System.Diagnostics.CodeAnalysis;
using ILGPU;
using ILGPU.Runtime;
using KvCache.Gpu.Devices;
using KvCache.Memory;

namespace KvCache.Gpu;

/// <summary>A device of ILGPU that holds caches: memory, copies beside the processor's work, fences on both, and views for kernels.</summary>
/// <remarks>
/// <para>Kernels and copies within the device are ordered by one stream, <see cref="Stream"/>: an engine launches its kernels there.
/// Copies from and to the host have a stream each, follow the work submitted before them, and are waited for by
/// <see cref="Follow"/> without blocking the thread.</para>
/// <para>Addresses are the device's own on CUDA and the process's on the CPU accelerator; OpenCL has none, and its buffers get made-up
/// ones. Kernels get memory by <see cref="View"/>, which never copies.</para>
/// <para>Members may be called from any thread, <see cref="Dispose"/> by one. CUDA's context is made current for the time of a call, and
/// what was current before is current again afterwards.</para>
/// </remarks>
public sealed partial class GpuDevice : IKvDevice, IHostLink, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<DeviceBlock, AddressMap.Range> _arenas = [];
    private readonly HashSet<PinnedBlock> _pinned = [];
    private readonly AddressMap _map;
    private readonly GpuBackend _backend;
    private readonly StepTables _tables;
    private readonly Context? _ownedContext;
    private readonly bool _ownsStream;
    private bool _disposed;

    /// <summary>Gets what the device is.</summary>
    public GpuDeviceInfo Info { get; }

    /// <inheritdoc/>
    public string Name => Info.Name;

    /// <inheritdoc/>
    public bool HasMemory => true;

    /// <inheritdoc/>
    /// <value>True on the CPU accelerator only.</value>
    public bool IsHostAccessible => _backend.IsHostAccessible;

    /// <summary>Gets the accelerator, to load kernels with.</summary>
    public Accelerator Accelerator { get; }

    /// <summary>Gets the stream that orders kernels and copies within the device.</summary>
    /// <remarks>It is not the accelerator's default stream, which on CUDA is not ordered with it.</remarks>
    public AcceleratorStream Stream { get; }

    /// <summary>Gets the latest refusal of the driver that was answered by a value, such as a transfer that has failed; null if there was none.</summary>
    public GpuException? LastError => _backend.LastError;

    /// <summary>Gets the bytes of all arenas that have not been given back.</summary>
    public long AllocatedBytes
    {
        get
        {
            lock (_gate)
            {
                return _arenas.Keys.Sum(block => block.Length);
            }
        }
    }

    internal StepTables Tables => _tables;

    internal AddressMap Addresses => _map;

    internal int PinnedBlocks => _pinned.Count;

    /// <inheritdoc/>
    /// <remarks>Waits until the memory is zeroed. Giving an arena back waits for all work of the device.</remarks>
    /// <exception cref="GpuException">The driver refused for another reason than exhaustion.</exception>
    /// <exception cref="InvalidOperationException">Memory given to <see cref="Wrap(nint, long)"/> was freed and is still known to the device.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public bool TryAllocate(long bytes, [NotNullWhen(true)] out KvArena? arena)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        arena = null;
        if (_backend.TryAllocate(bytes) is not { } block)
        {
            return false;
        }

        AddressMap.Range range = Know(block);
        lock (_gate)
        {
            _arenas.Add(block, range);
        }

        arena = new GpuArena(this, block);
        return true;
    }

    /// <summary>Asks for host memory that the device copies from and to directly, beside the processor's work.</summary>
    /// <param name="bytes">Its length; at least 1.</param>
    /// <param name="memory">The memory, not zeroed, when the answer is true. The caller disposes it.</param>
    /// <returns>Whether the system had that much.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is below 1.</exception>
    /// <exception cref="GpuException">The driver refused for another reason than exhaustion.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public bool TryAllocatePinned(long bytes, [NotNullWhen(true)] out GpuPinnedMemory? memory)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        memory = null;
        if (_backend.TryAllocatePinned(bytes) is { } block)
        {
            memory = new GpuPinnedMemory(this, block);
            lock (_gate)
            {
                _pinned.Add(block);
            }
        }

        return memory is not null;
    }

    /// <summary>Tells the device of memory that belongs to somebody else, such as an engine's own or a range that chunks are mapped into.</summary>
    /// <param name="address">The first byte's address in the accelerator's context.</param>
    /// <param name="bytes">How many; at least 1. They need not be mapped yet.</param>
    /// <returns>Dispose it to make the device forget the memory, which stays as it is.</returns>
    /// <exception cref="ArgumentException">The device knows a part of the memory already.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is below 1 or <paramref name="address"/> is 0.</exception>
    /// <exception cref="NotSupportedException">The device's memory has no addresses (OpenCL): use the overload for buffers.</exception>
    public GpuForeignMemory Wrap(nint address, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new GpuForeignMemory(_map, _map.Add(address, bytes, _backend.Wrap(address, bytes)));
    }

    /// <summary>Tells the device of a buffer that was allocated through ILGPU.</summary>
    /// <param name="buffer">A buffer of the device's accelerator; it stays its owner's.</param>
    /// <returns>The memory, with the address by which views and copies name it. Dispose it to make the device forget it.</returns>
    /// <exception cref="ArgumentException">The buffer is empty or another accelerator's, or the device knows it already.</exception>
    public GpuForeignMemory Wrap(MemoryBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (buffer.Accelerator != Accelerator)
        {
            throw new ArgumentException(
                $"The buffer belongs to accelerator \"{buffer.Accelerator.Name}\"; expected one of this device's accelerator.", nameof(buffer));
        }

        if (buffer.LengthInBytes < 1)
        {
            throw new ArgumentException("The buffer is empty; expected at least 1 byte.", nameof(buffer));
        }

        if (_map.Knows(buffer))
        {
            throw new ArgumentException($"Device \"{Name}\" knows the buffer already; dispose what the first call returned.", nameof(buffer));
        }

        // An ILGPU view is an element index into a buffer: bytes need a buffer of bytes.
        MemoryBuffer bytes = buffer.ElementSize == 1 || Info.Kind == GpuDeviceKind.OpenCL
            ? buffer
            : _backend.Wrap(buffer.NativePtr, buffer.LengthInBytes);
        return new GpuForeignMemory(_map, _map.Add(_backend.AddressOf(buffer), buffer.LengthInBytes, bytes));
    }

    /// <summary>Finds memory of the device for a kernel, without copying it.</summary>
    /// <param name="address">An address inside an arena of the device or inside memory that it was told of.</param>
    /// <param name="bytes">How many bytes from there, at least 0; all in the same arena.</param>
    /// <returns>The bytes. Cast it to the kernel's element type.</returns>
    /// <remarks>O(log n) in the number of arenas; allocates nothing.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The bytes are not the device's; the message says where they lie.</exception>
    public ArrayView<byte> View(nint address, long bytes) => _map.Find(address, bytes, nameof(address)).View(address, bytes);

    /// <inheritdoc/>
    /// <remarks>
    /// In order with the kernels of <see cref="Stream"/>. What the driver refuses is a transfer that has failed;
    /// <see cref="LastError"/> names it.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A piece does not lie in the device's memory; nothing is copied.</exception>
    public KvTransfer Copy(ReadOnlySpan<KvCopy> copies) => Submit(_backend.Compute, copies, CopyDirection.WithinDevice);

    /// <summary>Copies from host memory, after the work submitted to the device before and beside what is submitted later.</summary>
    /// <param name="copies">The pieces: sources on the host, destinations on the device. They are read before the call returns.</param>
    /// <returns>The copy's fence and result; the result must be looked at before a destination is relied on.</returns>
    /// <remarks>
    /// Sources in pinned memory are read beside the processor's work and must stay as they are until the fence; others may be read by
    /// the calling thread. Kernels wait for the copy where <see cref="Follow"/> is given its fence.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">A destination does not lie in the device's memory; nothing is copied.</exception>
    public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies) => Submit(_backend.ToDevice, copies, CopyDirection.ToDevice);

    /// <summary>Copies to host memory, after the work submitted to the device before and beside what is submitted later.</summary>
    /// <param name="copies">The pieces: sources on the device, destinations on the host. They are read before the call returns.</param>
    /// <returns>The copy's fence and result; the result must be looked at before a destination is read.</returns>
    /// <remarks>Destinations in pinned memory are written beside the processor's work; others may be written by the calling thread.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A source does not lie in the device's memory; nothing is copied.</exception>
    public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => Submit(_backend.ToHost, copies, CopyDirection.ToHost);

    /// <inheritdoc/>
    /// <remarks>Names the work of <see cref="Stream"/>; transfers from and to the host have fences of their own.</remarks>
    public KvFence RecordFence()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _backend.Compute.Record();
    }

    /// <summary>Lets what is submitted to <see cref="Stream"/> from now on begin only after a fence, such as a transfer's.</summary>
    /// <param name="fence">The fence. One of this device is waited for by the device, any other by the calling thread.</param>
    /// <remarks>It says nothing about the result: look at the transfer's before what it copied is relied on.</remarks>
    public void Follow(KvFence fence)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _backend.Compute.Follow(fence);
    }

    /// <summary>Brings a view's page table, lengths and query offsets to the device, unless this step has brought them before.</summary>
    /// <param name="view">A view of an open step; its cache need not lie on this device.</param>
    /// <returns>The tables, for kernels submitted to <see cref="Stream"/> while the step is open.</returns>
    /// <remarks>
    /// One upload per step and distinct page table: a paged or virtual manager's layers share one. The host's tables have been read when
    /// the call returns. O(rows × columns) for an upload, else O(distinct tables); allocates nothing in steady state.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The view's step has ended.</exception>
    /// <exception cref="InsufficientMemoryException">There is no memory for the tables.</exception>
    /// <exception cref="GpuException">The driver refused the copy.</exception>
    public GpuStepTables Upload(KvLayerView view)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _tables.Get(view);
    }

    /// <summary>Waits until the device has nothing to do.</summary>
    public void Synchronize()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _backend.Drain();
    }

    /// <summary>Waits for the device's work, frees what it has allocated, arenas included, and gives back what it has opened.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _backend.Drain();
        _tables.Dispose();
        _disposed = true;
        foreach (DeviceBlock block in _arenas.Keys.ToArray())
        {
            Release(block);
        }

        foreach (PinnedBlock block in _pinned.ToArray())
        {
            Release(block);
        }

        _backend.Dispose();
        if (_ownsStream)
        {
            Stream.Dispose();
        }

        if (_ownedContext is not null)
        {
            Accelerator.Dispose();
            _ownedContext.Dispose();
        }
    }

    /// <summary>Copies a step's tables in order with kernels.</summary>
    internal KvFence UploadToStream(KvCopy piece)
    {
        bool submitted = _backend.Compute.TryCopy(in piece, CopyDirection.ToDevice);
        KvFence fence = _backend.Compute.Record(!submitted);
        return submitted ? fence : throw (Exception?)LastError ?? new InvalidOperationException("The step's tables could not be copied.");
    }

    /// <summary>Frees an arena's memory, once: the device may have been disposed before.</summary>
    internal void Release(DeviceBlock block)
    {
        AddressMap.Range? range;
        lock (_gate)
        {
            if (!_arenas.Remove(block, out range))
            {
                return;
            }
        }

        _map.Remove(range);
        _backend.Drain();
        _backend.Free(block);
    }

    /// <summary>Frees pinned memory, once.</summary>
    internal void Release(PinnedBlock block)
    {
        lock (_gate)
        {
            if (!_pinned.Remove(block))
            {
                return;
            }
        }

        _backend.Drain();
        _backend.FreePinned(block);
    }

    private AddressMap.Range Know(DeviceBlock block)
    {
        try
        {
            return _map.Add(block.Address, block.Length, block.Buffer);
        }
        catch (ArgumentException exception)
        {
            _backend.Free(block);
            throw new InvalidOperationException(
                "New memory lies where memory of somebody else is said to be: it was freed before the device was made to forget it.", exception);
        }
    }

    private KvTransfer Submit(GpuQueue queue, ReadOnlySpan<KvCopy> copies, CopyDirection direction)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (ref readonly KvCopy copy in copies)
        {
            CheckPiece(in copy, direction);
        }

        if (queue != _backend.Compute)
        {
            queue.Follow(_backend.Compute.Record());
        }

        bool submitted = true;
        foreach (ref readonly KvCopy copy in copies)
        {
            submitted = submitted && (copy.Bytes == 0 || queue.TryCopy(in copy, direction));
        }

        return new KvTransfer(queue.Record(!submitted));
    }

    private void CheckPiece(in KvCopy piece, CopyDirection direction)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(piece.Bytes, "copies");
        if (direction != CopyDirection.ToDevice)
        {
            _map.Find(piece.Source, piece.Bytes, "copies");
        }

        if (direction != CopyDirection.ToHost)
        {
            _map.Find(piece.Destination, piece.Bytes, "copies");
        }
    }
}
