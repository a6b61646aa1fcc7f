using BenchmarkDotNet.Attributes;
using KvCache.Attention;
using KvCache.Benchmarks.Baselines;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>Writing a step's keys and values into one layer's pages, rounded to how they are stored; every call takes the next layer.</summary>
[BenchmarkCategory("append")]
[Config(typeof(AttentionSettings))]
public class AppendBenchmarks
{
    private AttentionData _data = null!;
    private OperandBuffers _operands = null!;
    private AttentionCache _cache = null!;
    private CpuAttention _attention = null!;
    private int _next;

    // The shorter the rows, the more layers there are, and the longer ago was a layer's last turn.
    public static IEnumerable<AttentionShape> Shapes => [new("decode", Rows: 8, Cached: 63, NewTokens: 1), AttentionShape.Prefill[1]];

    [ParamsSource(nameof(Shapes))]
    public AttentionShape Shape { get; set; } = null!;

    [Params(KvElementType.Float32, KvElementType.Float16, KvElementType.BFloat16)]
    public KvElementType ElementType { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _data = new AttentionData(Shape);
        _operands = new OperandBuffers(Shape, _data);
        _cache = AttentionCache.Create(Shape, ElementType, new PagedPlace(PageOrder.Shuffled), _data);
        _attention = new CpuAttention(new CpuAttentionOptions { Threads = Threads });

        foreach (KvLayerView view in _cache.Views)
        {
            _attention.Append(view, _operands.Keys, _operands.Values);
        }

        RequireSameBytes(_cache.Views[0]);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _attention.Dispose();
        _cache.Dispose();
        _operands.Dispose();
        _data.Dispose();
    }

    /// <summary>One thread, whatever the number of threads.</summary>
    [Benchmark(Baseline = true)]
    public void PlainLoop() => NaiveAppend.Append(NextView(), _operands.Keys, _operands.Values);

    [Benchmark]
    public void CpuAttention() => _attention.Append(NextView(), _operands.Keys, _operands.Values);

    private KvLayerView NextView()
    {
        KvLayerView view = _cache.Views[_next];
        _next = _next + 1 == _cache.Views.Count ? 0 : _next + 1;
        return view;
    }

    /// <summary>Lets both write over something else, and compares what they left.</summary>
    private void RequireSameBytes(KvLayerView view)
    {
        NaiveAppend.Append(view, _operands.Values, _operands.Keys);
        NaiveAppend.Append(view, _operands.Keys, _operands.Values);
        byte[] expected = ViewBytes.Copy(view);
        NaiveAppend.Append(view, _operands.Values, _operands.Keys);
        _attention.Append(view, _operands.Keys, _operands.Values);
        if (!ViewBytes.Copy(view).AsSpan().SequenceEqual(expected))
        {
            throw new InvalidOperationException("CpuAttention writes other bytes than the plain loop.");
        }
    }
}
