using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks.Ratios;

/// <summary>Everybody who takes part in one shape, with the caches they share.</summary>
internal sealed class ContestantSet : IDisposable
{
    public const string Ours = "CpuAttention f32";
    public const string OursContiguous = "CpuAttention f32, contiguous";
    public const string OursHalf = "CpuAttention f16";
    public const string OursBrain = "CpuAttention bf16";
    public const string Onnx = "ONNX Runtime f32";
    public const string OnnxHalf = "ONNX Runtime f16";
    public const string Read = "read pages";
    public const string ReadContiguous = "read contiguous";

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
        (string Name, Func<string, Contestant> Create)[] candidates =
        [
            (Ours, name => Attention(name, KvElementType.Float32, PageOrder.Shuffled)),
            (OursContiguous, name => Attention(name, KvElementType.Float32, PageOrder.Contiguous)),
            (OursHalf, name => Attention(name, KvElementType.Float16, PageOrder.Shuffled)),
            (OursBrain, name => Attention(name, KvElementType.BFloat16, PageOrder.Shuffled)),
            (Onnx, name => new OnnxContestant<float>(name, _shape, _data, _threads)),
            (OnnxHalf, name => new OnnxContestant<Half>(name, _shape, _data, _threads)),
            (Read, name => Reading(name, PageOrder.Shuffled, sideBySide: false)),
            (Read + ", side by side", name => Reading(name, PageOrder.Shuffled, sideBySide: true)),
            (ReadContiguous, name => Reading(name, PageOrder.Contiguous, sideBySide: false)),
            (ReadContiguous + ", side by side", name => Reading(name, PageOrder.Contiguous, sideBySide: true)),
        ];
        foreach ((string name, Func<string, Contestant> create) in candidates.Where(candidate => takesPart(candidate.Name)))
        {
            _contestants.Add(create(name));
            _contestants[^1].RunAll();
        }

        Check();
    }

    public IReadOnlyList<Contestant> Contestants => _contestants;

    public void Dispose()
    {
        foreach (IDisposable owned in _contestants.Concat<IDisposable>(_caches.Values))
        {
            owned.Dispose();
        }

        _data.Dispose();
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

    private ReadContestant Reading(string name, PageOrder order, bool sideBySide) =>
        new(name, _shape, Cache(KvElementType.Float32, order), sideBySide, _threads);

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
