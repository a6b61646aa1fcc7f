using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>Mapping a run of chunks and unmapping it, each on its own, with the pages entered by mapping or by touching them; per run.</summary>
/// <remarks>
/// The chunks are created and touched before, as those are that a closed sequence leaves. Runs do not touch one another, so
/// that each is a mapping of its own. Chunks of 2 MiB lie on huge pages where the system has them.
/// </remarks>
[Config(typeof(CallSettings))]
public class VirtualMemoryBenchmarks : IDisposable
{
    private const int Runs = 128;
    private const int TouchedRuns = 8;
    private readonly nint[] _anonymous = new nint[Runs];
    private MappedRuns _runs = null!;
    private MappedRuns _populating = null!;
    private int _anonymousCount;
    private byte[] _source = null!;
    private byte[] _destination = null!;

    [Params(1, 4, 16)]
    public int Chunks { get; set; }

    [Params(64, 2048)]
    public int ChunkKiB { get; set; }

    private int RunBytes => Chunks * (ChunkKiB << 10);

    [GlobalSetup]
    public void Setup()
    {
        _runs = new MappedRuns(Chunks, (long)ChunkKiB << 10, Runs, populate: false);
        _populating = new MappedRuns(Chunks, (long)ChunkKiB << 10, Runs, populate: true);
        _source = new byte[RunBytes];
        _destination = new byte[RunBytes];
    }

    [IterationSetup(Target = nameof(AnonymousUnmap))]
    public void PrepareAnonymousUnmap() => AnonymousMap();

    [IterationSetup(Target = nameof(Unmap))]
    public void PrepareUnmap() => Map();

    [IterationSetup(Target = nameof(UnmapPopulated))]
    public void PrepareUnmapPopulated() => MapPopulating();

    [IterationSetup(Target = nameof(UnmapTouched))]
    public void PrepareUnmapTouched() => MapAndTouch();

    [IterationCleanup]
    public void UnmapRest()
    {
        AnonymousUnmap();
        Unmap();
        UnmapPopulated();
    }

    /// <summary>What one does without: memory of one's own for every run, and nothing shared.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Runs)]
    public void AnonymousMap()
    {
        while (_anonymousCount < Runs)
        {
            _anonymous[_anonymousCount++] = AnonymousMemory.Map(RunBytes);
        }
    }

    [Benchmark(OperationsPerInvoke = Runs)]
    public void AnonymousUnmap()
    {
        while (_anonymousCount > 0)
        {
            AnonymousMemory.Unmap(_anonymous[--_anonymousCount], RunBytes);
        }
    }

    [Benchmark(OperationsPerInvoke = Runs)]
    public void Map() => _runs.Map(Runs, touch: false);

    [Benchmark(OperationsPerInvoke = Runs)]
    public void Unmap() => _runs.UnmapAll();

    [Benchmark(OperationsPerInvoke = Runs)]
    public void MapPopulating() => _populating.Map(Runs, touch: false);

    [Benchmark(OperationsPerInvoke = Runs)]
    public void UnmapPopulated() => _populating.UnmapAll();

    /// <summary>Every page is written to once, which traps.</summary>
    [Benchmark(OperationsPerInvoke = TouchedRuns)]
    public void MapAndTouch() => _runs.Map(TouchedRuns, touch: true);

    /// <summary>The same where mapping has entered the pages.</summary>
    [Benchmark(OperationsPerInvoke = TouchedRuns)]
    public void MapPopulatingAndTouch() => _populating.Map(TouchedRuns, touch: true);

    [Benchmark(OperationsPerInvoke = TouchedRuns)]
    public void UnmapTouched() => _runs.UnmapAll();

    /// <summary>Memory from the system, zeroed, and back to it.</summary>
    [Benchmark]
    public void CreateAndDestroy() => _runs.CreateAndDestroy();

    /// <summary>What sharing by copying costs.</summary>
    [Benchmark]
    public void Copy() => _source.CopyTo(_destination, 0);

    [GlobalCleanup]
    public void Dispose()
    {
        _runs.Dispose();
        _populating.Dispose();
        GC.SuppressFinalize(this);
    }
}
