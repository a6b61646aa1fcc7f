using KvCache.Cuda.Simulation;
using KvCache.Memory;
using Xunit;

namespace KvCache.Cuda.Tests.Faults;

/// <summary>Virtual memory beside naive books: what answers false, or throws, has changed nothing.</summary>
internal sealed class MemoryScript(SimulatedCudaDriver simulator, CudaVirtualMemory memory)
{
    private readonly HashSet<int> _created = [];
    private readonly Dictionary<nint, (int Chunk, bool Writable)> _mapped = [];
    private readonly Dictionary<nint, long> _reserved = [];

    public long ChunkBytes => memory.ChunkBytes;

    public int Refusals { get; private set; }

    public nint Reserve(int chunks)
    {
        nint address = 0;
        if (Do(() => memory.TryReserve(chunks * ChunkBytes, out address)))
        {
            _reserved.Add(address, chunks * ChunkBytes);
            return address;
        }

        return 0;
    }

    public bool Create(params int[] chunks)
    {
        bool done = Do(() => memory.TryCreate(chunks));
        _created.UnionWith(done ? chunks : []);
        Check();
        return done;
    }

    public void Map(nint address, bool writable, params int[] chunks)
    {
        nint[] places = PlacesFrom(address, chunks.Length);
        bool possible = IsIn(address) && chunks.All(_created.Contains) && !places.Any(_mapped.ContainsKey); // an earlier step may have been refused
        if (possible && Do(() => memory.TryMap(address, chunks, writable)))
        {
            foreach ((nint place, int chunk) in places.Zip(chunks))
            {
                _mapped.Add(place, (chunk, writable));
            }
        }

        Check();
    }

    public void Unmap(nint address, int count)
    {
        nint[] places = PlacesFrom(address, count);
        if (places.All(_mapped.ContainsKey))
        {
            memory.RecordFence().Wait();
            memory.Unmap(address, count);
            Array.ForEach(places, place => _mapped.Remove(place));
        }

        Check();
    }

    public void Destroy(params int[] chunks)
    {
        if (chunks.All(_created.Contains) && !_mapped.Values.Any(mapping => chunks.Contains(mapping.Chunk)))
        {
            memory.Destroy(chunks);
            _created.ExceptWith(chunks);
        }

        Check();
    }

    public void Release(nint address)
    {
        if (_reserved.TryGetValue(address, out long bytes) && !_mapped.Keys.Any(place => place >= address && place < address + (nint)bytes))
        {
            memory.Release(address, bytes);
            _reserved.Remove(address);
        }

        Check();
    }

    /// <summary>Compares the books, and has a kernel use everything that is mapped as it may be used.</summary>
    public void Check()
    {
        Assert.Equal(_created.Count, memory.CreatedChunks);
        SimulatedRange[] writable = [.. _mapped.Where(mapping => mapping.Value.Writable).Select(mapping => new SimulatedRange(mapping.Key, ChunkBytes))];
        SimulatedRange[] readable = [.. _mapped.Select(mapping => new SimulatedRange(mapping.Key, ChunkBytes))];
        simulator.Launch(0, readable, writable);
        simulator.RunPendingWork();
        simulator.CheckContract();
    }

    private nint[] PlacesFrom(nint address, int count) => [.. Enumerable.Range(0, count).Select(i => address + (nint)(i * ChunkBytes))];

    private bool IsIn(nint address) => address != 0 && _reserved.Any(range => address >= range.Key && address < range.Key + (nint)range.Value);

    private bool Do(Func<bool> attempt)
    {
        bool done = attempt();
        Refusals += done ? 0 : 1;
        return done;
    }
}
