using KvCache.Paged;
using Replay.Manager;

namespace Replay.Demonstration;

/// <summary>Serves one workload at every capacity.</summary>
internal static class DemonstrationRun
{
    /// <summary>Serves the workload at every capacity of the options, and last at one where everything fits.</summary>
    /// <param name="options">The sizes.</param>
    /// <param name="report">Takes the share that is done, 0 … 1, now and then.</param>
    public static IReadOnlyList<DemonstrationResult> Run(DemonstrationOptions options, Action<double> report)
    {
        Workload workload = WorkloadGenerator.Generate(options);
        int[] capacities = [.. options.Capacities, workload.BlocksOfAllTurns(options.BlockTokens)];
        List<DemonstrationResult> results = [];
        long turns = 0;
        foreach (int capacity in capacities)
        {
            bool isUnbounded = results.Count == options.Capacities.Count;
            results.Add(RunAt(options, workload, capacity, isUnbounded, finished =>
            {
                turns += finished;
                report((double)turns / ((long)workload.Turns.Count * capacities.Length));
            }));
        }

        return results;
    }

    private static DemonstrationResult RunAt(
        DemonstrationOptions options, Workload workload, int capacity, bool isUnbounded, Action<int> finished)
    {
        using AllocatorMetrics metrics = new();
        using PagedKvAllocator allocator = DryAllocator.Create(
            options.BlockTokens, capacity, deduplicate: true, EvictionPolicies.Find(EvictionPolicies.Default), metrics);
        ServingLoop loop = new(allocator, workload, options.MaxRunning);
        loop.Run(finished);
        allocator.CheckIntegrity();
        return new DemonstrationResult(
            capacity,
            isUnbounded,
            loop.Totals.HitRate,
            metrics.Evictions,
            metrics.CopyOnWriteCopies,
            loop.Totals.Refusals,
            loop.Totals.AverageWaste,
            loop.Totals.NanosecondsPerBlock);
    }
}
