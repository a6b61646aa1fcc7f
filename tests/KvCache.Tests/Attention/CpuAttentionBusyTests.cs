using KvCache.Attention;
using KvCache.Specs.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

/// <summary>One call at a time.</summary>
public class CpuAttentionBusyTests
{
    private const int Tries = 200;

    [Fact]
    public void A_call_from_another_thread_during_a_call_is_refused_and_later_ones_are_served()
    {
        using CpuAttention attention = CpuAttentions.OnThreads(1);
        using AttentionScene large = new(HostSite.Instance, AttentionCase.Of(KvElementType.Float32, (2, 4), (64, 64), "0+300"));
        using AttentionScene small = new(HostSite.Instance, AttentionCase.Of(KvElementType.Float32, (1, 1), (4, 4), "3+1"));
        float[] expected = large.Run(attention);
        small.Run(attention);

        // One thread is in a call nearly all the time, until the other has met it there or tried very often.
        string? refusal = null;
        int tries = 0;
        Thread busy = new(() =>
        {
            while (Volatile.Read(ref refusal) is null && Volatile.Read(ref tries) < Tries)
            {
                RefusalOf(() => attention.Attend(large.View, large.Queries.Tensor, large.Output.Tensor));
            }
        });
        busy.Start();
        for (; tries < Tries && refusal is null; Volatile.Write(ref tries, tries + 1))
        {
            Volatile.Write(ref refusal, RefusalOf(() => attention.Attend(small.View, small.Queries.Tensor, small.Output.Tensor)));
            Thread.Sleep(1); // lets the other thread go on, where there is one processor
        }

        busy.Join();
        Assert.NotNull(refusal);
        Assert.Contains("one call at a time", refusal, StringComparison.Ordinal);
        OutputComparison.AssertSame(large.Attend(attention), expected, "After all threads have left");
    }

    private static string? RefusalOf(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (InvalidOperationException refusal)
        {
            return refusal.Message;
        }
    }
}
