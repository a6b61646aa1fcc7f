using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>One layer's attention of a decode step, float32, four query heads per key/value head, pages of 16 tokens anywhere in memory.</summary>
[BenchmarkCategory("decode")]
public class DecodeBenchmarks : AttentionBenchmarks
{
    public static IEnumerable<AttentionShape> Shapes => AttentionShape.Decode;

    [ParamsSource(nameof(Shapes))]
    public AttentionShape Shape { get; set; } = null!;

    [GlobalSetup(Target = nameof(OnnxRuntime))]
    public void PrepareOnnxRuntime() => Prepare(Shape, ContestantSet.Onnx);

    [GlobalSetup(Target = nameof(PlainLoops))]
    public void PreparePlainLoops() => Prepare(Shape, ContestantSet.Naive);

    [GlobalSetup(Target = nameof(GatherFirst))]
    public void PrepareGatherFirst() => Prepare(Shape, ContestantSet.Gather);

    [GlobalSetup(Target = nameof(OnlyRead))]
    public void PrepareOnlyRead() => Prepare(Shape, ContestantSet.ReadPages[1]);

    [GlobalSetup(Target = nameof(CpuAttention))]
    public void PrepareCpuAttention() => Prepare(Shape, ContestantSet.Ours);

    /// <summary>GroupQueryAttention over contiguous memory.</summary>
    [Benchmark(Baseline = true)]
    public void OnnxRuntime() => RunNext();

    /// <summary>One thread, whatever the number of threads.</summary>
    [Benchmark]
    public void PlainLoops() => RunNext();

    /// <summary>Pages copied into one range per row, then <see cref="CpuAttention"/>.</summary>
    [Benchmark]
    public void GatherFirst() => RunNext();

    /// <summary>No attention at all: the same bytes, added up.</summary>
    [Benchmark]
    public void OnlyRead() => RunNext();

    [Benchmark]
    public void CpuAttention() => RunNext();
}
