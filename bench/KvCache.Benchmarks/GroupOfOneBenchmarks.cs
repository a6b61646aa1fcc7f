using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>
/// One layer's attention of a decode step where every query head has keys and values of its own, float32: memory is the
/// limit, and reading it the baseline.
/// </summary>
[BenchmarkCategory("decode")]
public class GroupOfOneBenchmarks : AttentionBenchmarks
{
    public static IEnumerable<AttentionShape> Shapes => AttentionShape.GroupOfOne;

    [ParamsSource(nameof(Shapes))]
    public AttentionShape Shape { get; set; } = null!;

    [GlobalSetup(Target = nameof(OnlyReadContiguous))]
    public void PrepareOnlyReadContiguous() => Prepare(Shape, ContestantSet.ReadContiguous[1]);

    [GlobalSetup(Target = nameof(OnlyReadPages))]
    public void PrepareOnlyReadPages() => Prepare(Shape, ContestantSet.ReadPages[1]);

    [GlobalSetup(Target = nameof(OnnxRuntime))]
    public void PrepareOnnxRuntime() => Prepare(Shape, ContestantSet.Onnx);

    [GlobalSetup(Target = nameof(CpuAttentionContiguous))]
    public void PrepareCpuAttentionContiguous() => Prepare(Shape, ContestantSet.OursContiguous);

    [GlobalSetup(Target = nameof(CpuAttentionPages))]
    public void PrepareCpuAttentionPages() => Prepare(Shape, ContestantSet.Ours);

    [Benchmark(Baseline = true)]
    public void OnlyReadContiguous() => RunNext();

    [Benchmark]
    public void OnlyReadPages() => RunNext();

    /// <summary>GroupQueryAttention over contiguous memory.</summary>
    [Benchmark]
    public void OnnxRuntime() => RunNext();

    [Benchmark]
    public void CpuAttentionContiguous() => RunNext();

    [Benchmark]
    public void CpuAttentionPages() => RunNext();
}
