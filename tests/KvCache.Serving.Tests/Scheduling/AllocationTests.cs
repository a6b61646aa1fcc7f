using KvCache.Paged;
using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>The hot path leaves the managed heap alone.</summary>
public sealed class AllocationTests
{
    private const int Sequences = 64;
    private const int BlockTokens = 16;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Steady_steps_allocate_nothing_while_others_wait(bool prefixCaching)
    {
        // Room for the running requests to their end, and a block: who comes late, for two, asks in vain in every step.
        using PagedKvAllocator allocator = DryAllocators.Paged((Sequences * 7) + 1, BlockTokens, prefixCaching);
        ContinuousBatchScheduler scheduler = new(allocator);
        int[] tokens = new int[Sequences];
        long allocated = 0;

        // The first generation grows every list to its full size; what the second one needs is there.
        for (int generation = 0; generation < 2; generation++)
        {
            for (int i = 0; i < Sequences; i++)
            {
                Submit(scheduler, generation, i, maxTokens: 80);
            }

            Run(allocator, scheduler, tokens, steps: 30);
            allocated = Run(allocator, scheduler, tokens, steps: 40);
            for (int i = 0; i < 3; i++)
            {
                Submit(scheduler, generation, Sequences + i, maxTokens: 1);
            }

            Run(allocator, scheduler, tokens, steps: 2);
            Assert.Equal((Sequences, 3), (scheduler.Running.Length, scheduler.WaitingCount));
            allocated += Run(allocator, scheduler, tokens, steps: 6);
            Run(allocator, scheduler, tokens, steps: int.MaxValue);
        }

        Assert.Equal(0, allocated);
    }

    private static void Submit(ContinuousBatchScheduler scheduler, int generation, int number, int maxTokens)
    {
        int[] prompt = new int[32];
        prompt.AsSpan().Fill(1 + number + (generation * 1000));
        Assert.True(scheduler.TrySubmit(new ServingRequest(prompt, maxTokens), out _));
    }

    private static long Run(PagedKvAllocator allocator, ContinuousBatchScheduler scheduler, int[] tokens, int steps)
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
}
