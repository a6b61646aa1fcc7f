using BenchmarkDotNet.Attributes;
using KvCache.Benchmarks.Contestants;
using KvCache.Benchmarks.Workloads;

namespace KvCache.Benchmarks;

/// <summary>One layer's attention of decode steps and prompts, by how keys and values are stored; pages of 16 tokens anywhere in memory.</summary>
[BenchmarkCategory("decode", "prefill")]
public class ElementTypeBenchmarks : AttentionBenchmarks
{
    public static IEnumerable<AttentionShape> Shapes => [.. AttentionShape.Decode, .. AttentionShape.Prefill];

    [ParamsSource(nameof(Shapes))]
    public AttentionShape Shape { get; set; } = null!;

    [GlobalSetup(Target = nameof(Float32))]
    public void PrepareFloat32() => Prepare(Shape, ContestantSet.Ours);

    [GlobalSetup(Target = nameof(Float16))]
    public void PrepareFloat16() => Prepare(Shape, ContestantSet.OursHalf);

    [GlobalSetup(Target = nameof(BFloat16))]
    public void PrepareBFloat16() => Prepare(Shape, ContestantSet.OursBrain);

    [Benchmark(Baseline = true)]
    public void Float32() => RunNext();

    [Benchmark]
    public void Float16() => RunNext();

    [Benchmark]
    public void BFloat16() => RunNext();
}
