using KvCache.Memory;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Tiers;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>What becomes of a request whose memory is taken: kept on the host, or computed again.</summary>
public sealed class PreemptionTests
{
    [Fact]
    public void A_victim_is_suspended_and_goes_on_without_computing_anything_again()
    {
        using Engine engine = Contended(new SuspendPreemption());
        ServingRequest second = RunContended(engine);
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.True(statistics.Suspensions > 0, $"{statistics}");
        Assert.Equal((statistics.Preemptions, statistics.Suspensions), (statistics.Suspensions, statistics.Resumptions));
        Assert.Equal((0, 0), (statistics.RecomputedTokens, second.RecomputedTokens));
        Assert.Equal(0, engine.Allocator.HostTier!.UsedBytes);
    }

    [Fact]
    public void The_default_computes_again_although_there_is_a_host_tier()
    {
        using Engine engine = Contended(new RecomputePreemption());
        RunContended(engine);
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.True(statistics.RecomputedTokens > 0);
        Assert.Equal((0, 0), (statistics.Suspensions, statistics.Resumptions));
        Assert.IsType<RecomputePreemption>(new SchedulerOptions().Preemption);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Without_room_on_the_host_a_victim_is_computed_again(int hostBlocks)
    {
        using Engine engine = Contended(new SuspendPreemption(), hostBlocks);
        RunContended(engine);
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.Equal(0, statistics.Suspensions);
        Assert.True(statistics.RecomputedTokens > 0);
    }

    [Fact]
    public void A_suspended_request_that_is_not_worth_the_copy_any_more_is_computed_again()
    {
        using Engine engine = Contended(new OneWay());
        RunContended(engine);
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.True(statistics.Suspensions > 0);
        Assert.Equal(0, statistics.Resumptions);
        Assert.True(statistics.RecomputedTokens > 0);
        Assert.Equal((0L, 0L), (engine.Allocator.HostTier!.UsedBytes, engine.Allocator.HostTier.BytesToDevice));
    }

    [Fact]
    public void A_suspended_request_can_be_cancelled()
    {
        using Engine engine = Contended(new SuspendPreemption());
        ServingRequest first = engine.Submit(8, 14, "first");
        ServingRequest second = engine.Submit(8, 14, "second");
        while (!second.IsSuspended)
        {
            engine.Step();
        }

        Assert.Equal(RequestStatus.Waiting, second.Status);
        Assert.True(second.ComputedLength > 0);
        Assert.True(engine.Scheduler.Cancel(second));
        Assert.Equal(0, engine.Allocator.HostTier!.UsedBytes);
        engine.RunToEnd();
        Assert.Equal(RequestStatus.Finished, first.Status);
    }

    [Fact]
    public void A_copy_back_that_fails_is_made_up_for_by_computing()
    {
        FailingLink link = new();
        using Engine engine = Contended(new SuspendPreemption(), link: link);
        RunContended(engine);
        SchedulerStatistics statistics = engine.Scheduler.Statistics;
        Assert.True(link.Failed > 0);
        Assert.Equal(0, statistics.Resumptions);
        Assert.True(statistics.RecomputedTokens > 0);
    }

    [Fact]
    public void A_suspended_request_comes_back_only_where_each_that_runs_can_take_a_block_more()
    {
        using Engine engine = Contended(new SuspendPreemption());
        engine.Submit(8, 14, "first");
        ServingRequest second = engine.Submit(8, 14, "second");
        for (int step = 0; second.Status != RequestStatus.Finished; step++)
        {
            Assert.True(step < 200);
            bool suspended = second.IsSuspended;
            engine.Step();
            if (suspended && second.Status == RequestStatus.Running && engine.Scheduler.Running.Length > 1)
            {
                Assert.True(engine.Allocator.Usage.AvailableBlocks > 0);
            }
        }
    }

    [Fact]
    public void Copying_is_chosen_where_it_is_quicker_by_more_than_its_error_and_left_where_it_is_slower()
    {
        // A token of the tests' geometry is 64 bytes; both ways at r bytes per second take 128 / r seconds per token.
        const double Rate = 64e6;
        Assert.False(Chooses(Rate, microsecondsPerToken: 1));
        Assert.False(Chooses(Rate, microsecondsPerToken: 2)); // As quick, but the rate may be wrong by half.
        Assert.True(Chooses(Rate, microsecondsPerToken: 4));
        CheapestPreemption policy = new(new LinearCostModel(100, 2, 0));
        using PagedKvAllocator quick = Allocator(hostBlocks: 4, Rate * 10);
        using PagedKvAllocator equal = Allocator(hostBlocks: 4, Rate);
        using PagedKvAllocator slow = Allocator(hostBlocks: 4, Rate * 0.9);
        ServingRequest request = Started(quick);
        Assert.False(policy.ShouldSuspend(equal, request));
        Assert.True(policy.ShouldSuspend(quick, request));
        Assert.True(policy.ShouldSuspend(equal, request)); // What was chosen stays, as long as it is no slower.
        Assert.False(policy.ShouldSuspend(slow, request));
        Assert.False(policy.ShouldSuspend(equal, request));
        request.Sequence!.Dispose();
    }

    [Fact]
    public void What_is_cached_is_neither_copied_nor_computed()
    {
        using PagedKvAllocator allocator = Allocator(hostBlocks: 4, 64e6);
        CheapestPreemption policy = new(new LinearCostModel(0, 1, 0));
        ServingRequest request = Started(allocator);
        Assert.True(policy.ShouldResume(allocator, request, hitTokens: 0)); // 1 µs per token either way, and not slower.
        Assert.True(policy.ShouldResume(allocator, request, hitTokens: request.ComputedLength));
        CheapestPreemption cheap = new(new LinearCostModel(1000, 0, 0));
        Assert.False(cheap.ShouldResume(allocator, request, hitTokens: 0)); // What every step costs anyway does not count.
        request.Sequence!.Dispose();
    }

    [Fact]
    public void Without_a_host_tier_nothing_is_worth_a_copy()
    {
        using PagedKvAllocator allocator = Allocator(hostBlocks: 0, 64e6);
        CheapestPreemption policy = new(new LinearCostModel(0, 1_000_000, 0));
        ServingRequest request = Started(allocator);
        Assert.False(policy.ShouldSuspend(allocator, request));
        Assert.False(policy.ShouldResume(allocator, request, 0));
        Assert.Throws<ArgumentNullException>(() => new CheapestPreemption(null!));
        request.Sequence!.Dispose();
    }

    private static bool Chooses(double rate, int microsecondsPerToken)
    {
        using PagedKvAllocator allocator = Allocator(hostBlocks: 4, rate);
        ServingRequest request = Started(allocator);
        bool chosen = new CheapestPreemption(new LinearCostModel(0, microsecondsPerToken, 0)).ShouldSuspend(allocator, request);
        request.Sequence!.Dispose();
        return chosen;
    }

    /// <summary>A request of which eight tokens are computed, in the memory of an allocator.</summary>
    private static ServingRequest Started(PagedKvAllocator allocator)
    {
        ServingRequest request = Engine.Request(8, 4);
        Assert.True(allocator.TryOpen(request.Tokens, null, 0, out KvSequence? sequence, out _));
        using KvStep step = allocator.BeginStep([new KvRow(sequence, 8)]);
        step.Complete();
        request.Sequence = sequence;
        return request;
    }

    private static PagedKvAllocator Allocator(int hostBlocks, double bytesPerSecond, IHostLink? link = null) =>
        DryAllocators.Paged(6, blockTokens: 4, host: hostBlocks == 0 ? null : new HostTierOptions
        {
            MemoryBytes = hostBlocks * 4L * 64,
            AssumedBytesPerSecond = bytesPerSecond,
            Link = link,
        });

    private static Engine Contended(IPreemptionPolicy policy, int hostBlocks = 20, IHostLink? link = null) =>
        new(Allocator(hostBlocks, 8e9, link), defaults => defaults with { Preemption = policy });

    /// <summary>Two requests that need seven blocks each, over six.</summary>
    private static ServingRequest RunContended(Engine engine)
    {
        ServingRequest first = engine.Submit(8, 14, "first");
        ServingRequest second = engine.Submit(8, 14, "second");
        engine.RunToEnd();
        Assert.Equal((RequestStatus.Finished, RequestStatus.Finished), (first.Status, second.Status));
        Assert.Equal((14, 14), (first.OutputLength, second.OutputLength));
        Assert.True(second.Preemptions > 0);
        return second;
    }

    private sealed class OneWay : IPreemptionPolicy
    {
        public bool ShouldSuspend(IKvAllocator allocator, ServingRequest request) => true;

        public bool ShouldResume(IKvAllocator allocator, ServingRequest request, int hitTokens) => false;
    }

    /// <summary>Everything gets to the host, and nothing back.</summary>
    private sealed class FailingLink : IHostLink
    {
        public int Failed { get; private set; }

        public KvTransfer CopyToHost(ReadOnlySpan<KvCopy> copies) => default;

        public KvTransfer CopyToDevice(ReadOnlySpan<KvCopy> copies)
        {
            Failed++;
            return new KvTransfer(new KvFence(new Failure(), 1));
        }

        private sealed class Failure : KvTimeline
        {
            public override bool HasPassed(long ticket) => true;

            public override void Wait(long ticket)
            {
            }

            public override bool HasFailed(long ticket) => true;
        }
    }
}
