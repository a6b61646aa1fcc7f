using KvCache.Memory;

namespace KvCache.Benchmarks.Workloads;

/// <summary>The same run of chunks mapped many times over, each time at a place of its own that touches no other.</summary>
internal sealed unsafe class MappedRuns : IDisposable
{
    private readonly HostVirtualMemory _memory;
    private readonly int[] _chunks;
    private readonly nint _range;

    /// <summary>Makes a memory, and chunks that have been touched before.</summary>
    /// <param name="chunks">Chunks of a run.</param>
    /// <param name="chunkBytes">Bytes of a chunk.</param>
    /// <param name="most">How many times the run can be mapped.</param>
    /// <param name="populate">Whether mapping enters the pages too.</param>
    public MappedRuns(int chunks, long chunkBytes, int most, bool populate)
    {
        _memory = new HostVirtualMemory(new HostVirtualMemoryOptions { ChunkCapacity = 2 * chunks, ChunkBytes = chunkBytes, PopulateOnMap = populate });
        _chunks = [.. Enumerable.Range(0, chunks)];
        if (!_memory.TryCreate(_chunks) || !_memory.TryReserve(most * (chunks + 1) * chunkBytes, out _range))
        {
            throw new InvalidOperationException($"The system refused {chunks} chunks of {chunkBytes} bytes.");
        }

        Map(1, touch: true);
        UnmapAll();
    }

    /// <summary>Gets how many times the run is mapped.</summary>
    public int Count { get; private set; }

    public void Map(int times, bool touch)
    {
        for (int run = 0; run < times; run++)
        {
            nint address = AddressOf(Count);
            if (!_memory.TryMap(address, _chunks, writable: true))
            {
                throw new InvalidOperationException("The system refused to map.");
            }

            Count++;
            if (touch)
            {
                Touch(address);
            }
        }
    }

    public void UnmapAll()
    {
        while (Count > 0)
        {
            _memory.Unmap(AddressOf(--Count), _chunks.Length);
        }
    }

    /// <summary>Takes as many chunks as a run has from the system, zeroed, and gives them back.</summary>
    public void CreateAndDestroy()
    {
        int[] chunks = [.. Enumerable.Range(_chunks.Length, _chunks.Length)];
        if (!_memory.TryCreate(chunks))
        {
            throw new InvalidOperationException("The system refused memory.");
        }

        _memory.Destroy(chunks);
    }

    public void Dispose() => _memory.Dispose();

    private void Touch(nint address)
    {
        for (long offset = 0; offset < _chunks.Length * _memory.ChunkBytes; offset += Environment.SystemPageSize)
        {
            *(byte*)(address + (nint)offset) = 2;
        }
    }

    private nint AddressOf(int run) => _range + (nint)(run * (_chunks.Length + 1) * _memory.ChunkBytes);
}
