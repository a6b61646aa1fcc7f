using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Contestants;

/// <summary>Everybody who takes part in one shape, with the caches they share. Those who compute have been found to agree.</summary>
internal sealed class ContestantSet : IDisposable
{
    public const string Ours = "CpuAttention f32";
    public const string OursContiguous = "CpuAttention f32, contiguous";
    public const string OursHalf = "CpuAttention f16";
    public const string OursBrain = "CpuAttention bf16";
    public const string Onnx = "ONNX Runtime f32";
    public const string OnnxHalf = "ONNX Runtime f16";
    public const string Gather = "gather, CpuAttention f32";
    public const string Naive = "loops f32, 1 thread";

    // The faster one of each pair is how fast memory can be read.
    public static readonly string[] ReadPages = ["read pages, 2 streams", "read pages, 4 streams"];
    public static readonly string[] ReadContiguous = ["read contiguous, 2 streams", "read contiguous, 4 streams"];

    private readonly AttentionShape _shape;
    private readonly int _threads;
    private readonly AttentionData _data;
    private readonly Dictionary<(KvElementType, CachePlace), AttentionCache> _caches = [];
    private readonly List<Contestant> _contestants = [];

    /// <summary>Makes those whose names are wanted of the ways to compute attention.</summary>
    public ContestantSet(AttentionShape shape, int threads, Predicate<string> takesPart)
        : this(shape, threads, takesPart, static set => set.Candidates())
    {
    }

    /// <summary>Makes those whose names are wanted of some others.</summary>
    public ContestantSet(
        AttentionShape shape, int threads, Predicate<string> takesPart, Func<ContestantSet, IEnumerable<(string Name, Func<string, Contestant> Create)>> candidates)
    {
        _shape = shape;
        _threads = threads;
        _data = new AttentionData(shape);
        foreach ((string name, Func<string, Contestant> create) in candidates(this).Where(candidate => takesPart(candidate.Name)))
        {
            _contestants.Add(create(name));
            _contestants[^1].RunAll();
        }

        Check();
    }

    public IReadOnlyList<Contestant> Contestants => _contestants;

    /// <summary>Gets the caches that somebody reads, with what part of each lies on huge pages.</summary>
    public IEnumerable<(CachePlace Place, double HugeShare)> Caches =>
        _caches.Select(static entry => (entry.Key.Item2, HugePages.ShareOf(entry.Value.Views)));

    public Contestant this[string name] => _contestants.Single(contestant => contestant.Name == name);

    public void Dispose()
    {
        foreach (IDisposable owned in _contestants.Concat<IDisposable>(_caches.Values))
        {
            owned.Dispose();
        }

        _data.Dispose();
    }

    private IEnumerable<(string Name, Func<string, Contestant> Create)> Candidates()
    {
        yield return (Ours, name => Attention(name, KvElementType.Float32, PageOrder.Shuffled));
        yield return (OursContiguous, name => Attention(name, KvElementType.Float32, PageOrder.Contiguous));
        yield return (OursHalf, name => Attention(name, KvElementType.Float16, PageOrder.Shuffled));
        yield return (OursBrain, name => Attention(name, KvElementType.BFloat16, PageOrder.Shuffled));
        yield return (Onnx, name => new OnnxContestant<float>(name, _shape, _data, _threads));
        yield return (OnnxHalf, name => new OnnxContestant<Half>(name, _shape, _data, _threads));
        yield return (Gather, name => new GatherContestant(name, _shape, Cache(KvElementType.Float32, PageOrder.Shuffled), _data, _threads));
        if (!_shape.IsDecode)
        {
            // Reading is nothing beside computing a prompt, and plain loops need seconds for it.
            yield break;
        }

        yield return (Naive, name => new NaiveContestant(name, _shape, Cache(KvElementType.Float32, PageOrder.Shuffled), _data));
        yield return (ReadPages[0], name => Reading(name, PageOrder.Shuffled, MemoryStreams.Two));
        yield return (ReadPages[1], name => Reading(name, PageOrder.Shuffled, MemoryStreams.Four));
        yield return (ReadContiguous[0], name => Reading(name, PageOrder.Contiguous, MemoryStreams.Two));
        yield return (ReadContiguous[1], name => Reading(name, PageOrder.Contiguous, MemoryStreams.Four));
    }

    private void Check()
    {
        Contestant[] computing = [.. _contestants.Where(static contestant => !contestant.Output.IsEmpty)];
        foreach (Contestant contestant in computing)
        {
            Agreement.Require(
                contestant.Name, contestant.Output, computing[0].Output, Agreement.Tolerance(contestant.ElementType));
        }
    }

    /// <summary>What is measured here, over keys and values of a type in a place.</summary>
    public CpuAttentionContestant Attention(string name, KvElementType elementType, CachePlace place) =>
        new(name, _shape, Cache(elementType, place), _data, _threads);

    /// <summary>Only reading float32 keys and values in a place.</summary>
    public ReadContestant Reading(string name, CachePlace place, MemoryStreams streams) =>
        new(name, _shape, Cache(KvElementType.Float32, place), streams, _threads);

    private CpuAttentionContestant Attention(string name, KvElementType elementType, PageOrder order) =>
        Attention(name, elementType, new PagedPlace(order));

    private ReadContestant Reading(string name, PageOrder order, MemoryStreams streams) => Reading(name, new PagedPlace(order), streams);

    private AttentionCache Cache(KvElementType elementType, PageOrder order) => Cache(elementType, new PagedPlace(order));

    private AttentionCache Cache(KvElementType elementType, CachePlace place)
    {
        if (!_caches.TryGetValue((elementType, place), out AttentionCache? cache))
        {
            cache = AttentionCache.Create(_shape, elementType, place, _data);
            _caches.Add((elementType, place), cache);
        }

        return cache;
    }
}
