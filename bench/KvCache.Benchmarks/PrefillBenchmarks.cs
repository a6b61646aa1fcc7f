using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>One layer's attention of a prompt, float32: from nothing, and over a cached prefix; pages of 16 tokens anywhere in memory.</summary>
[BenchmarkCategory("prefill")]
public class PrefillBenchmarks : AttentionBenchmarks
{
    public static IEnumerable<AttentionShape> Shapes => AttentionShape.Prefill;

    [ParamsSource(nameof(Shapes))]
    public AttentionShape Shape { get; set; } = null!;

    [GlobalSetup(Target = nameof(OnnxRuntime))]
    public void PrepareOnnxRuntime() => Prepare(Shape, ContestantSet.Onnx);

    [GlobalSetup(Target = nameof(GatherFirst))]
    public void PrepareGatherFirst() => Prepare(Shape, ContestantSet.Gather);

    [GlobalSetup(Target = nameof(CpuAttention))]
    public void PrepareCpuAttention() => Prepare(Shape, ContestantSet.Ours);

    /// <summary>GroupQueryAttention over contiguous memory.</summary>
    [Benchmark(Baseline = true)]
    public void OnnxRuntime() => RunNext();

    /// <summary>Pages copied into one range per row, then <see cref="CpuAttention"/>.</summary>
    [Benchmark]
    public void GatherFirst() => RunNext();

    [Benchmark]
    public void CpuAttention() => RunNext();
}
