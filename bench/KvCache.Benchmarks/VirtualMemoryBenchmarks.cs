using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Memory;

namespace KvCache.Benchmarks;

/// <summary>Mapping a run of chunks and unmapping it, against anonymous memory mapped and unmapped, and against copying the run.</summary>
/// <remarks>Chunks of 64 KiB, created and touched before; the pages of what is mapped are not touched, as far as a method's name does not say so.</remarks>
public unsafe class VirtualMemoryBenchmarks : IDisposable
{
    private const int ChunkBytes = 64 << 10;
    private const int Places = 256;
    private HostVirtualMemory _memory = null!;
    private HostVirtualMemory _populating = null!;
    private nint _range;
    private nint _populatingRange;
    private int[] _chunks = null!;
    private byte[] _source = null!;
    private byte[] _destination = null!;
    private int _turn;

    [Params(1, 16)]
    public int Chunks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (_memory, _range) = Create(populate: false);
        (_populating, _populatingRange) = Create(populate: true);
        _chunks = [.. Enumerable.Range(32, Chunks)];
        _source = new byte[Chunks * ChunkBytes];
        _destination = new byte[Chunks * ChunkBytes];
    }

    /// <summary>What one does without: memory of one's own for every range, and nothing shared.</summary>
    [Benchmark(Baseline = true)]
    public void AnonymousMapAndUnmap() => AnonymousMemory.Unmap(AnonymousMemory.Map(Chunks * ChunkBytes), Chunks * ChunkBytes);

    [Benchmark]
    public void MapAndUnmap() => MapAndUnmap(_memory, _range, touch: false);

    [Benchmark]
    public void MapAndUnmapPopulating() => MapAndUnmap(_populating, _populatingRange, touch: false);

    [Benchmark]
    public void MapTouchAndUnmap() => MapAndUnmap(_memory, _range, touch: true);

    [Benchmark]
    public void MapTouchAndUnmapPopulating() => MapAndUnmap(_populating, _populatingRange, touch: true);

    [Benchmark]
    public void CreateAndDestroy()
    {
        int[] chunks = _chunks;
        for (int i = 0; i < chunks.Length; i++)
        {
            chunks[i] += 64;
        }

        _ = _memory.TryCreate(chunks);
        _memory.Destroy(chunks);
        for (int i = 0; i < chunks.Length; i++)
        {
            chunks[i] -= 64;
        }
    }

    /// <summary>What sharing by copying costs.</summary>
    [Benchmark]
    public void Copy() => _source.CopyTo(_destination, 0);

    [GlobalCleanup]
    public void Dispose()
    {
        _memory.Dispose();
        _populating.Dispose();
        GC.SuppressFinalize(this);
    }

    private static (HostVirtualMemory Memory, nint Range) Create(bool populate)
    {
        HostVirtualMemory memory = new(new HostVirtualMemoryOptions { ChunkCapacity = Places, ChunkBytes = ChunkBytes, PopulateOnMap = populate });
        int[] chunks = [.. Enumerable.Range(0, 64)];
        if (!memory.TryCreate(chunks) || !memory.TryReserve(Places * ChunkBytes, out nint range) || !memory.TryMap(range, chunks, writable: true))
        {
            throw new InvalidOperationException("The system refused 4 MiB.");
        }

        new Span<byte>((void*)range, chunks.Length * ChunkBytes).Fill(1);
        memory.Unmap(range, chunks.Length);
        return (memory, range);
    }

    private void MapAndUnmap(HostVirtualMemory memory, nint range, bool touch)
    {
        // Every second place, so that nothing merges with what lies beside it.
        _turn = (_turn + 2) % (Places - 32);
        nint address = range + ((nint)_turn * ChunkBytes);
        if (!memory.TryMap(address, _chunks, writable: true))
        {
            throw new InvalidOperationException("The system refused to map.");
        }

        for (int offset = 0; touch && offset < Chunks * ChunkBytes; offset += 4096)
        {
            *(byte*)(address + offset) = 2;
        }

        memory.Unmap(address, Chunks);
    }
}
