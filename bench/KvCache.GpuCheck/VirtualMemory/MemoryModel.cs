using KvCache.Memory;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>Random calls of a virtual memory beside naive books of them: what every chunk holds, and where it is seen.</summary>
/// <remarks>Stamps are written at both ends of a chunk through one place and read through all others.</remarks>
internal sealed class MemoryModel(IVirtualMemory memory, StampPort port, int seed)
{
    private const int RangePlaces = 16;
    private readonly Random _random = new(seed);
    private readonly Dictionary<int, ulong> _created = [];
    private readonly SortedDictionary<nint, (int Chunk, bool Writable)> _mapped = [];
    private readonly List<nint> _ranges = [];
    private ulong _nextStamp = 1;

    /// <summary>Gets what was wrong, a line each.</summary>
    public List<string> Failures { get; } = [];

    public int Operations { get; private set; }

    public void Run(int operations)
    {
        for (int i = 0; i < operations && Failures.Count == 0; i++)
        {
            Operations++;
            switch (_random.Next(10))
            {
                case 0:
                    Reserve();
                    break;
                case 1 or 2:
                    Create();
                    break;
                case 3 or 4 or 5:
                    Map();
                    break;
                case 6:
                    Unmap();
                    break;
                case 7:
                    Destroy();
                    break;
                case 8:
                    Write();
                    break;
                default:
                    Misuse();
                    break;
            }

            Check();
        }

        GiveBack();
    }

    private void Reserve()
    {
        if (_ranges.Count < 4)
        {
            Expect(memory.TryReserve(RangePlaces * memory.ChunkBytes, out nint address), "addresses were refused");
            _ranges.Add(address);
        }
    }

    private void Create()
    {
        int[] absent = [.. Enumerable.Range(0, memory.ChunkCapacity).Where(chunk => !_created.ContainsKey(chunk)).Take(1 + _random.Next(5))];
        Expect(memory.TryCreate(absent), $"{absent.Length} chunks were refused");
        Array.ForEach(absent, chunk => _created.Add(chunk, 0)); // zeroed
    }

    private void Map()
    {
        if (_ranges.Count == 0 || _created.Count == 0)
        {
            return;
        }

        int count = 1 + _random.Next(4);
        nint address = Place(_ranges[_random.Next(_ranges.Count)], _random.Next(RangePlaces - count + 1));
        if (Places(address, count).Any(_mapped.ContainsKey))
        {
            return;
        }

        int[] chunks = [.. Enumerable.Range(0, count).Select(_ => _created.Keys.ElementAt(_random.Next(_created.Count)))];
        bool writable = _random.Next(3) > 0;
        Expect(memory.TryMap(address, chunks, writable), $"mapping {count} chunks was refused");
        foreach ((nint place, int chunk) in Places(address, count).Zip(chunks))
        {
            _mapped.Add(place, (chunk, writable));
        }
    }

    private void Unmap()
    {
        if (_mapped.Count > 0)
        {
            nint first = _mapped.Keys.ElementAt(_random.Next(_mapped.Count));
            int count = 1;
            while (_mapped.ContainsKey(Place(first, count)) && !_ranges.Contains(Place(first, count)))
            {
                count++;
            }

            Unmap(first, count);
        }
    }

    private void Unmap(nint first, int count)
    {
        memory.RecordFence().Wait();
        memory.Unmap(first, count);
        Array.ForEach(Places(first, count), place => _mapped.Remove(place));
    }

    private void Destroy()
    {
        int[] chunks = [.. _created.Keys.Where(chunk => !_mapped.Values.Any(mapping => mapping.Chunk == chunk)).Take(3)];
        memory.Destroy(chunks);
        Array.ForEach(chunks, chunk => _created.Remove(chunk));
    }

    private void Write()
    {
        foreach ((nint place, (int chunk, _)) in _mapped.Where(mapping => mapping.Value.Writable).Take(1 + _random.Next(4)).ToArray())
        {
            _created[chunk] = _nextStamp++;
            port.Write(Ends(place, _created[chunk]));
        }
    }

    /// <summary>Mistakes must be refused and change nothing.</summary>
    private void Misuse()
    {
        foreach ((nint place, (int chunk, _)) in _mapped.Take(1))
        {
            Expect(IsRefused(() => memory.TryMap(place, [chunk], writable: true)), "mapping over a mapped chunk was not refused");
            Expect(IsRefused(() => memory.Destroy([chunk])), "destroying a mapped chunk was not refused");
        }
    }

    private void Check()
    {
        int wrong = port.CountWrong(_mapped.SelectMany(mapping => Ends(mapping.Key, _created[mapping.Value.Chunk])));
        Expect(wrong == 0, $"{wrong} of {2 * _mapped.Count} numbers are not those of their chunks");
        Expect(memory.CreatedChunks == _created.Count, $"{memory.CreatedChunks} chunks are counted, {_created.Count} were created");
    }

    private void GiveBack()
    {
        foreach (nint place in _mapped.Keys.ToArray())
        {
            Unmap(place, 1);
        }

        memory.Destroy([.. _created.Keys]);
        _ranges.ForEach(range => memory.Release(range, RangePlaces * memory.ChunkBytes));
        Expect(memory.CreatedChunks == 0, $"{memory.CreatedChunks} chunks are left");
    }

    private void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            Failures.Add($"virtual memory, seed {seed}, operation {Operations}: {otherwise}");
        }
    }

    private (nint Address, ulong Stamp)[] Ends(nint place, ulong stamp) =>
        [(place, stamp), (place + (nint)(memory.ChunkBytes - sizeof(ulong)), stamp)];

    private nint[] Places(nint first, int count) => [.. Enumerable.Range(0, count).Select(i => Place(first, i))];

    private nint Place(nint first, int index) => first + (nint)(index * memory.ChunkBytes);

    private static bool IsRefused(Action action)
    {
        try
        {
            action();
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
