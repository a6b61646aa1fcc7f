using KvCache.Memory.Mapping;

namespace KvCache.Memory;

/// <summary>The process's own virtual memory: ranges of addresses, and chunks of memory that are mapped into them.</summary>
/// <remarks>
/// <para>Linux: the chunks are pieces of a memory file (<c>memfd_create</c>), mapped by <c>mmap</c> over reserved addresses; a run is one
/// call of about 4 µs. Chunks are backed when they are created and given back by punching holes. The number of mappings is
/// counted and kept below half of <c>vm.max_map_count</c>, for all instances of the process together: a runtime at that limit is
/// ended. Chunks mapped read-only cannot be written to through those addresses: who tries ends the process.</para>
/// <para>Windows (10 version 1803, Server 2019, or later): one section per chunk, mapped into placeholders. Written to the
/// documentation, and not yet run. Other systems: not supported.</para>
/// <para>Touching an address where nothing is mapped, or the wrong way, ends the process; no exception can be caught. Whoever hands out
/// addresses checks lengths first. Any thread; creating and destroying chunks does not hold up mapping others.
/// <see cref="Dispose"/> by one thread, when all calls have returned.</para>
/// </remarks>
public sealed class HostVirtualMemory : IVirtualMemory
{
    private readonly Lock _gate = new();
    private readonly ChunkMapper _mapper;
    private readonly AddressBook _book;
    private readonly ChunkStates _states;
    private readonly MappingLimit _limit;
    private bool _disposed;

    /// <summary>Makes a virtual memory. Costs addresses; memory is taken when chunks are created.</summary>
    /// <param name="options">How.</param>
    /// <exception cref="ArgumentException">An option is missing or out of range; the message names it.</exception>
    /// <exception cref="PlatformNotSupportedException">The system lacks or forbids what is needed; the message names it.</exception>
    /// <exception cref="IOException">The system has run out of something.</exception>
    public HostVirtualMemory(HostVirtualMemoryOptions options)
        : this(options, HostPlatform.Open, HostPlatform.Limit)
    {
    }

    /// <summary>Makes one over a given system, with a given limit on mappings.</summary>
    internal HostVirtualMemory(
        HostVirtualMemoryOptions options, Func<HostVirtualMemoryOptions, int, long, ChunkMapper> open, MappingLimit limit)
    {
        ArgumentNullException.ThrowIfNull(options);
        (ChunkCapacity, ChunkBytes) = options.Validate();
        _mapper = open(options, ChunkCapacity, ChunkBytes);
        _limit = limit;
        _book = new AddressBook(ChunkBytes, limit);
        _states = new ChunkStates(ChunkCapacity);
    }

    /// <summary>Gets whether this system has what is needed; asked once, by mapping a chunk in two places.</summary>
    public static bool IsSupported => HostPlatform.Missing is null;

    /// <inheritdoc/>
    public string Name => _mapper.Name;

    /// <inheritdoc/>
    public IKvDevice Device => HostDevice.Instance;

    /// <inheritdoc/>
    public long ChunkBytes { get; }

    /// <inheritdoc/>
    public int ChunkCapacity { get; }

    /// <inheritdoc/>
    public int CreatedChunks => _states.CreatedChunks;

    /// <inheritdoc/>
    public int MappingBudget => _limit.Runs;

    /// <summary>Gets whether chunks are put on huge pages when they are created. Where the system has none left, a chunk stays on ordinary ones.</summary>
    public bool UsesHugePages => _mapper.UsesHugePages;

    /// <summary>
    /// Gets the address at which all chunks lie in the order of their numbers, whether they are mapped elsewhere or not, to copy or clear
    /// chunks by number. 0 where there is none: on Windows, and where addresses are rationed (<c>ulimit -v</c>).
    /// </summary>
    /// <remarks>Touching a chunk that is not created takes memory that is in no books.</remarks>
    public nint WindowAddress => _mapper.WindowAddress;

    /// <summary>Gets how many mappings of the kernel the ranges and what is mapped in them make.</summary>
    internal int Mappings => _book.Mappings;

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
            CheckNotDisposed();
            address = 0;
            AddressRange? range = bytes / ChunkBytes <= Array.MaxLength ? _mapper.TryReserve(bytes) : null;
            if (range is null)
            {
                return false;
            }

            if (!_book.TryAdd(range))
            {
                range.Dispose();
                return false;
            }

            address = range.Address;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Release(nint address, long bytes)
    {
        lock (_gate)
        {
            CheckNotDisposed();
            int index = _book.FindWhole(address, bytes);
            ReservedRange range = _book.Ranges[index];
            int mapped = range.Find(empty: false, 0, range.Length);
            if (mapped >= 0)
            {
                throw new ArgumentException(
                    $"address is 0x{address:x}: chunk {ReservedRange.ChunkOf(range[mapped])} is still mapped at 0x{AddressOf(range, mapped):x}.", nameof(address));
            }

            _book.Remove(index);
            range.Addresses.Dispose();
        }
    }

    /// <inheritdoc/>
    public bool TryCreate(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            CheckNotDisposed();
            _states.BeginCreate(chunks);
        }

        int created = 0;
        bool more = true;
        while (more && created < chunks.Length)
        {
            ChunkRun run = ChunkRun.At(chunks, created);
            more = _mapper.TryCreate(run.First, run.Count);
            created += more ? run.Count : 0;
        }

        if (!more)
        {
            DestroyRuns(chunks[..created]);
        }

        lock (_gate)
        {
            _states.End(chunks, created: more, more ? chunks.Length : 0);
        }

        return more;
    }

    /// <inheritdoc/>
    public void Destroy(ReadOnlySpan<int> chunks)
    {
        lock (_gate)
        {
            CheckNotDisposed();
            _states.BeginDestroy(chunks);
        }

        DestroyRuns(chunks);
        lock (_gate)
        {
            _states.End(chunks, created: false, -chunks.Length);
        }
    }

    /// <inheritdoc/>
    public bool TryMap(nint address, ReadOnlySpan<int> chunks, bool writable)
    {
        lock (_gate)
        {
            CheckNotDisposed();
            int index = _book.Find(address, chunks.Length, out int place);
            ReservedRange range = _book.Ranges[index];
            int occupied = range.Find(empty: false, place, chunks.Length);
            if (occupied >= 0)
            {
                throw new ArgumentException(
                    $"address is 0x{address:x}: chunk {ReservedRange.ChunkOf(range[occupied])} is mapped at 0x{AddressOf(range, occupied):x} already.",
                    nameof(address));
            }

            _states.CheckCreated(chunks);
            if (!_book.TrySet(index, place, chunks, writable))
            {
                return false;
            }

            if (!TryMapRuns(range.Addresses, place, chunks, writable))
            {
                _book.Unset(index, place, chunks.Length);
                return false;
            }

            foreach (int chunk in chunks)
            {
                _states.AddMapping(chunk, 1);
            }

            return true;
        }
    }

    /// <inheritdoc/>
    public void Unmap(nint address, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        lock (_gate)
        {
            CheckNotDisposed();
            int index = _book.Find(address, count, out int place);
            ReservedRange range = _book.Ranges[index];
            int hole = range.Find(empty: true, place, count);
            if (hole >= 0)
            {
                throw new ArgumentException($"address is 0x{address:x}: nothing is mapped at 0x{AddressOf(range, hole):x}.", nameof(address));
            }

            if (count == 0)
            {
                return;
            }

            _mapper.Unmap(range.Addresses, place, count);
            for (int i = place; i < place + count; i++)
            {
                _states.AddMapping(ReservedRange.ChunkOf(range[i]), -1);
            }

            _book.Unset(index, place, count);
        }
    }

    /// <inheritdoc/>
    public KvFence RecordFence() => Device.RecordFence();

    /// <summary>Gives everything back: ranges, whatever is mapped in them, and chunks. Disposing twice does nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (ReservedRange range in _book.Ranges)
            {
                range.Addresses.Dispose();
            }

            _book.Clear();
            _mapper.Dispose();
        }
    }

    private bool TryMapRuns(AddressRange range, int place, ReadOnlySpan<int> chunks, bool writable)
    {
        int mapped = 0;
        while (mapped < chunks.Length)
        {
            ChunkRun run = ChunkRun.At(chunks, mapped);
            if (!_mapper.TryMap(range, place + mapped, run.First, run.Count, writable))
            {
                break;
            }

            mapped += run.Count;
        }

        if (mapped < chunks.Length && mapped > 0)
        {
            _mapper.Unmap(range, place, mapped);
        }

        return mapped == chunks.Length;
    }

    private void DestroyRuns(ReadOnlySpan<int> chunks)
    {
        for (int destroyed = 0; destroyed < chunks.Length;)
        {
            ChunkRun run = ChunkRun.At(chunks, destroyed);
            _mapper.Destroy(run.First, run.Count);
            destroyed += run.Count;
        }
    }

    private nint AddressOf(ReservedRange range, int place) => range.Address + (nint)(place * ChunkBytes);

    private void CheckNotDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
