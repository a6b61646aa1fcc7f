using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;

namespace KvCache.Benchmarks;

/// <summary>How classes are measured whose operations cannot be repeated without a setup between; changes the job of <see cref="BenchmarkSettings"/>.</summary>
internal sealed class CallSettings : ManualConfig
{
    public CallSettings() => AddJob(Job.Default
        .WithLaunchCount(1)
        .WithWarmupCount(20)
        .WithIterationCount(50)
        .WithInvocationCount(1)
        .WithUnrollFactor(1)
        .AsMutator());
}
