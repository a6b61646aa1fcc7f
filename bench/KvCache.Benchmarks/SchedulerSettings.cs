using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace KvCache.Benchmarks;

/// <summary>How scheduling is measured: a run of steps at a time, many runs until the code is as fast as it gets; per step, and per token. Changes the job of <see cref="BenchmarkSettings"/>.</summary>
internal sealed class SchedulerSettings : ManualConfig
{
    public SchedulerSettings()
    {
        AddJob(Job.Default.WithLaunchCount(1).WithWarmupCount(8).WithIterationCount(12).WithInvocationCount(1).WithUnrollFactor(1).AsMutator());
        AddColumn(new PerTokenColumn());
    }

    /// <summary>The median step's time over its tokens: one for each running request.</summary>
    private sealed class PerTokenColumn : IColumn
    {
        public string Id => nameof(PerTokenColumn);

        public string ColumnName => "Per token";

        public bool AlwaysShow => true;

        public ColumnCategory Category => ColumnCategory.Custom;

        public int PriorityInCategory => 0;

        public bool IsNumeric => true;

        public UnitType UnitType => UnitType.Time;

        public string Legend => "Median / Running";

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
        {
            int running = (int)benchmarkCase.Parameters[nameof(SchedulerBenchmarks.Running)];
            return summary[benchmarkCase]?.ResultStatistics is { } statistics ? $"{statistics.Median / running:F1} ns" : "NA";
        }

        public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

        public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

        public bool IsAvailable(Summary summary) => true;
    }
}
