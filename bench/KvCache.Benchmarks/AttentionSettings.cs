using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using Perfolizer.Horology;

namespace KvCache.Benchmarks;

/// <summary>How classes are measured whose operations take milliseconds and whose cases are many; changes the job of <see cref="BenchmarkSettings"/>.</summary>
internal sealed class AttentionSettings : ManualConfig
{
    public AttentionSettings() => AddJob(Job.Default
        .WithLaunchCount(2)
        .WithWarmupCount(2)
        .WithIterationCount(5)
        .WithIterationTime(TimeInterval.FromMilliseconds(200))
        .WithMinInvokeCount(1)
        .AsMutator());
}
