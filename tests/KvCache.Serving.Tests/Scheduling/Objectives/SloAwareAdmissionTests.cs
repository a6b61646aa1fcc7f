using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;
using KvCache.Serving.Simulation;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling.Objectives;

/// <summary>Admission by what decoding requests can spare, in numbers worked out by hand.</summary>
public sealed class SloAwareAdmissionTests
{
    /// <summary>Steps of 10 ms; a prompt of 90 tokens takes 100 ms.</summary>
    private static readonly LinearCostModel Costs = new(10_000, 1_000, 0);

    [Theory]
    [InlineData(19, 120)] // 11 tokens at 10 ms to spare: 110 ms, and the prompt takes 100.
    [InlineData(29, 20)]
    public void The_lower_edge_counts_where_steps_are_faster_than_the_objective(int objective, int edge) =>
        Assert.Equal(Math.Min((edge - 1) * (objective - 10), 119 * (objective - 10)) >= 100, IsAdmittedAtOnce(objective, edge, LateRequests.Protect));

    [Fact]
    public void The_first_newcomers_that_fit_are_admitted_and_the_next_waits()
    {
        // 100 tokens to come at 2.05 ms each: 205 ms for prompts of 100.
        Run run = new(objectiveMilliseconds: 12.05, LateRequests.Disregard, output: 101, newcomers: 3);
        Assert.Equal(2, run.StartedAtOnce);
    }

    [Fact]
    public void A_late_request_stands_in_nobodys_way_unless_it_is_protected()
    {
        Assert.True(IsAdmittedAtOnce(objective: 5, edge: 120, LateRequests.Disregard));
        Assert.False(IsAdmittedAtOnce(objective: 5, edge: 120, LateRequests.Protect));
    }

    [Fact]
    public void Whoever_waited_long_enough_is_admitted_all_the_same()
    {
        SimulationResult result = Serve(5, LateRequests.Protect, 120, 1, TimeSpan.FromMilliseconds(50));
        Assert.InRange(result.Requests[1].Queued.TotalMilliseconds, 50, 70);
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        SloAwareAdmissionOptions options = new() { TimePerOutputToken = TimeSpan.FromSeconds(1) };
        Assert.Throws<ArgumentOutOfRangeException>(() => new SloAwareAdmission(Costs, options with { TimePerOutputToken = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SloAwareAdmission(Costs, options with { LongestWait = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SloAwareAdmission(Costs, options with { DeviceTokens = 0 }));
        Assert.Throws<ArgumentNullException>(() => new SloAwareAdmission(Costs, null!));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Deciding_allocates_nothing(int predictor)
    {
        // Blocks that no sequence fills: what the manager's lists grow by is not the policy's.
        using PagedKvAllocator allocator = DryAllocators.Paged(200, blockTokens: 256);
        SloAwareAdmission policy = new(Costs, new SloAwareAdmissionOptions
        {
            TimePerOutputToken = TimeSpan.FromMilliseconds(1),
            Late = LateRequests.Protect,
            Predictor = predictor switch
            {
                0 => new OracleOutputLengths(),
                1 => new BucketedOutputLengths([8, 64], accuracy: 0.5),
                _ => new HistogramOutputLengths(),
            },
        });
        ContinuousBatchScheduler scheduler = new(allocator, new SchedulerOptions { Admission = policy });
        Submit(scheduler, 64);
        int[] tokens = new int[64];
        Steps(allocator, scheduler, tokens, 5);
        Submit(scheduler, 3);
        Steps(allocator, scheduler, tokens, 5);
        long allocated = Steps(allocator, scheduler, tokens, 50);
        Assert.Equal((64, 3, 0L), (scheduler.Running.Length, scheduler.WaitingCount, allocated));
    }

    private static void Submit(ContinuousBatchScheduler scheduler, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.True(scheduler.TrySubmit(new ServingRequest([1, 2, 3, i], 200), out _));
        }
    }

    private static long Steps(PagedKvAllocator allocator, ContinuousBatchScheduler scheduler, int[] tokens, int steps)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < steps && scheduler.TrySchedule(out ScheduledStep step); i++)
        {
            using KvStep memory = allocator.BeginStep(step.Rows);
            memory.Complete();
            scheduler.Complete(step, tokens.AsSpan(0, step.SampledRows));
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static bool IsAdmittedAtOnce(int objective, int edge, LateRequests late) =>
        Serve(objective, late, 120, 1, null, new OracleOutputLengths(_ => edge)).Requests[1].Queued < TimeSpan.FromMilliseconds(15);

    /// <summary>One request decodes from 11 ms on; the others arrive right after its first token.</summary>
    private static SimulationResult Serve(
        double objective, LateRequests late, int output, int newcomers, TimeSpan? longestWait = null, IOutputLengthPredictor? predictor = null)
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(1_000);
        Simulator simulator = new(allocator, Costs, new SimulationOptions
        {
            Admission = () => new SloAwareAdmission(Costs, new SloAwareAdmissionOptions
            {
                TimePerOutputToken = TimeSpan.FromMilliseconds(objective),
                Late = late,
                LongestWait = longestWait,
                Predictor = predictor ?? new OracleOutputLengths(),
            }),
        });
        return simulator.Run(
        [
            new SimulatedRequest(TimeSpan.Zero, 1, output),
            .. Enumerable.Repeat(new SimulatedRequest(TimeSpan.FromMilliseconds(11), 90, 1), newcomers),
        ]);
    }

    private sealed class Run(double objectiveMilliseconds, LateRequests late, int output, int newcomers)
    {
        public int StartedAtOnce { get; } = Serve(objectiveMilliseconds, late, output, newcomers).Requests
            .Skip(1).Count(static request => request.Queued < TimeSpan.FromMilliseconds(15));
    }
}
