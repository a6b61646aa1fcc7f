using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace KvCache.Benchmarks;

/// <summary>How classes are measured whose operations cannot be repeated without a setup between; changes the job of <see cref="BenchmarkSettings"/>.</summary>
internal sealed class CallSettings : ManualConfig
{
    // In this process: what the system does for a call does not depend on how the caller was compiled.
    public CallSettings() => AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithLaunchCount(1)
        .WithWarmupCount(20)
        .WithIterationCount(50)
        .WithInvocationCount(1)
        .WithUnrollFactor(1)
        .AsMutator());
}
