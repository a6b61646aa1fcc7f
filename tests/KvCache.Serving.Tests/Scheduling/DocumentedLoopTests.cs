using KvCache.Paged;
using KvCache.Serving.Scheduling;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>The loop of docs/scheduling.md, word for word.</summary>
public sealed class DocumentedLoopTests
{
    [Theory]
    [InlineData(100, KvRefusal.None, 256)]
    [InlineData(20, KvRefusal.TooLong, 0)]
    public void It_serves_a_request_or_says_why_not(int blocks, KvRefusal refusal, int tokens)
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks, prefixCaching: true);
        List<int> answer = [];
        Assert.Equal(refusal, Serve(allocator, [.. Enumerable.Range(0, 100)], answer));
        Assert.Equal(tokens, answer.Count);
        Assert.Equal(0, allocator.Usage.OpenSequences);
    }

    private static KvRefusal Serve(PagedKvAllocator allocator, int[] prompt, List<int> answer)
    {
        ContinuousBatchScheduler scheduler = new(allocator, new SchedulerOptions { MaxStepTokens = 2048, MaxSequences = 256 });
        if (!scheduler.TrySubmit(new ServingRequest(prompt, maxTokens: 256), out KvRefusal refusal))
        {
            return refusal; // longer than all the memory: waiting would not help
        }

        while (scheduler.TrySchedule(out ScheduledStep step))
        {
            int[] chosen;
            using (KvStep memory = allocator.BeginStep(step.Rows))
            {
                chosen = Forward(memory, step); // step.Tokens(row), and a token for each row with step.RowWork[row].Samples
                memory.Complete();
            }

            scheduler.Complete(step, chosen);
        }

        return refusal;

        int[] Forward(KvStep memory, ScheduledStep step)
        {
            Assert.Equal(step.TokenCount, memory.TokenCount);
            List<int> chosen = [];
            for (int row = 0; row < step.Rows.Length; row++)
            {
                if (step.RowWork[row].Samples)
                {
                    chosen.Add(step.Tokens(row)[^1] + 1);
                }
            }

            answer.AddRange(chosen);
            return [.. chosen];
        }
    }
}
