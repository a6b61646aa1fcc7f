using KvCache.Memory;
using Xunit;

namespace KvCache.Specs.VirtualMemory;

/// <summary>Runs a program on a virtual memory and on dictionaries beside it; both must agree on what is an error, too.</summary>
internal sealed class MappingModelRun(MappedMemory mapped)
{
    private const int MostRanges = 4;
    private const int MostPlaces = 6;
    private readonly IVirtualMemory _memory = mapped.Memory;
    private readonly List<(nint Address, int Places)> _ranges = [];
    private readonly Dictionary<nint, (int Chunk, bool Writable)> _mapped = [];
    private readonly Dictionary<int, long> _marks = [];
    private long _mark;

    public int Errors { get; private set; }

    public void Run(IEnumerable<MappingCommand> commands)
    {
        foreach (MappingCommand command in commands)
        {
            Execute(command);
            Assert.Equal(_marks.Count, _memory.CreatedChunks);
        }

        ReadAll();
        while (_ranges.Count > 0)
        {
            Clear(_ranges[0]);
            Release(0);
        }

        _memory.Destroy([.. _marks.Keys]);
        Assert.Equal(0, _memory.CreatedChunks);
    }

    private void Execute(MappingCommand command)
    {
        switch (command.Kind)
        {
            case MappingCommandKind.Reserve when _ranges.Count < MostRanges:
                int places = 1 + (command.Amount % MostPlaces);
                _ranges.Add((mapped.Reserve(places), places));
                break;
            case MappingCommandKind.Release when _ranges.Count > 0:
                Release(command.Pick % _ranges.Count);
                break;
            case MappingCommandKind.Create:
                Create(Chunks(command));
                break;
            case MappingCommandKind.Destroy:
                Destroy(Chunks(command));
                break;
            case MappingCommandKind.Map when _ranges.Count > 0:
                Map(Address(command), Chunks(command), writable: command.Amount % 3 > 0);
                break;
            case MappingCommandKind.Unmap when _ranges.Count > 0:
                Unmap(Address(command), 1 + (command.Amount % 3));
                break;
            case MappingCommandKind.Write when _mapped.TryGetValue(_ranges.Count > 0 ? Address(command) : 0, out (int Chunk, bool Writable) place) && place.Writable:
                _marks[place.Chunk] = ++_mark * 1_000_000_000;
                mapped.Mark(Address(command), _marks[place.Chunk]);
                break;
            default:
                ReadAll();
                break;
        }
    }

    private void Create(int[] chunks)
    {
        bool valid = chunks.Distinct().Count() == chunks.Length && !chunks.Any(_marks.ContainsKey);
        if (Agree(valid, () => Assert.True(_memory.TryCreate(chunks))))
        {
            Array.ForEach(chunks, chunk => _marks.Add(chunk, 0));
        }
    }

    private void Destroy(int[] chunks)
    {
        bool valid = chunks.Distinct().Count() == chunks.Length && chunks.All(_marks.ContainsKey)
            && !_mapped.Values.Any(place => chunks.Contains(place.Chunk));
        if (Agree(valid, () => _memory.Destroy(chunks)))
        {
            Array.ForEach(chunks, chunk => _marks.Remove(chunk));
        }
    }

    private void Map(nint address, int[] chunks, bool writable)
    {
        bool valid = Covers(address, chunks.Length) && chunks.All(_marks.ContainsKey)
            && !Enumerable.Range(0, chunks.Length).Any(i => _mapped.ContainsKey(mapped.At(address, i)));
        if (Agree(valid, () => Assert.True(_memory.TryMap(address, chunks, writable))))
        {
            for (int i = 0; i < chunks.Length; i++)
            {
                _mapped.Add(mapped.At(address, i), (chunks[i], writable));
            }
        }
    }

    private void Unmap(nint address, int count)
    {
        bool valid = Covers(address, count) && Enumerable.Range(0, count).All(i => _mapped.ContainsKey(mapped.At(address, i)));
        if (Agree(valid, () => _memory.Unmap(address, count)))
        {
            for (int i = 0; i < count; i++)
            {
                _mapped.Remove(mapped.At(address, i));
            }
        }
    }

    private void Release(int index)
    {
        (nint address, int places) = _ranges[index];
        bool valid = !Enumerable.Range(0, places).Any(i => _mapped.ContainsKey(mapped.At(address, i)));
        if (Agree(valid, () => mapped.Release(address, places)))
        {
            _ranges.RemoveAt(index);
        }
    }

    private void Clear((nint Address, int Places) range)
    {
        for (int i = 0; i < range.Places; i++)
        {
            if (_mapped.ContainsKey(mapped.At(range.Address, i)))
            {
                Unmap(mapped.At(range.Address, i), 1);
            }
        }
    }

    private void ReadAll()
    {
        foreach ((nint address, (int chunk, bool _)) in _mapped)
        {
            Assert.Equal(_marks[chunk], mapped.ReadMark(address));
        }
    }

    private bool Agree(bool valid, Action action)
    {
        if (valid)
        {
            action();
            return true;
        }

        Assert.ThrowsAny<ArgumentException>(action);
        Errors++;
        return false;
    }

    private bool Covers(nint address, int count) =>
        _ranges.Any(range => address >= range.Address && mapped.At(address, count) <= mapped.At(range.Address, range.Places));

    private nint Address(MappingCommand command)
    {
        (nint address, int places) = _ranges[command.Pick % _ranges.Count];
        return mapped.At(address, command.Place % places);
    }

    /// <summary>One to three chunks, mostly a run, of which one may be given twice.</summary>
    private int[] Chunks(MappingCommand command)
    {
        int step = command.Amount / 8 % 4 == 3 ? command.Amount / 32 % 3 : 1;
        return [.. Enumerable.Range(0, 1 + (command.Amount % 3)).Select(i => (command.Place + (i * step)) % _memory.ChunkCapacity)];
    }
}
