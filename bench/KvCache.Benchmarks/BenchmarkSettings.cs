using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;

namespace KvCache.Benchmarks;

/// <summary>How every class here is measured: several processes, medians beside means, managed bytes per operation.</summary>
internal static class BenchmarkSettings
{
    public static IConfig Create() => ManualConfig.Create(DefaultConfig.Instance)
        .AddJob(Job.Default.WithLaunchCount(3).WithWarmupCount(4).WithIterationCount(6))
        .AddDiagnoser(MemoryDiagnoser.Default)
        .AddColumn(StatisticColumn.Median)
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(40));
}
