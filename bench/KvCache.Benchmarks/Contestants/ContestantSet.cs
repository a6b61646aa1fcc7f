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
    private readonly Dictionary<(KvElementType, PageOrder), AttentionCache> _caches = [];
    private readonly List<Contestant> _contestants = [];

    public ContestantSet(AttentionShape shape, int threads, Predicate<string> takesPart)
    {
        _shape = shape;
        _threads = threads;
        _data = new AttentionData(shape);
        foreach ((string name, Func<string, Contestant> create) in Candidates().Where(candidate => takesPart(candidate.Name)))
        {
            _contestants.Add(create(name));
            _contestants[^1].RunAll();
        }

        Check();
    }

    public IReadOnlyList<Contestant> Contestants => _contestants;

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

    private CpuAttentionContestant Attention(string name, KvElementType elementType, PageOrder order) =>
        new(name, _shape, Cache(elementType, order), _data, _threads);

    private ReadContestant Reading(string name, PageOrder order, MemoryStreams streams) =>
        new(name, _shape, Cache(KvElementType.Float32, order), streams, _threads);

    private AttentionCache Cache(KvElementType elementType, PageOrder order)
    {
        if (!_caches.TryGetValue((elementType, order), out AttentionCache? cache))
        {
            cache = AttentionCache.Create(_shape, elementType, order, _data);
            _caches.Add((elementType, order), cache);
        }

        return cache;
    }
}
