using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class CpuAttentionOptionsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1025)]
    [InlineData(int.MaxValue)]
    public void Numbers_of_threads_that_cannot_be_are_refused(int threads)
    {
        ArgumentOutOfRangeException refusal = Assert.Throws<ArgumentOutOfRangeException>(() => new CpuAttentionOptions { Threads = threads });
        Assert.Contains($"Threads is {threads}; expected 1 … 1024", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void By_default_all_processors_work()
    {
        using CpuAttention attention = new();
        using CpuAttention same = new(new CpuAttentionOptions());
        Assert.Equal(Math.Min(Environment.ProcessorCount, 1024), attention.Threads);
        Assert.Equal(attention.Threads, same.Threads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    public void As_many_threads_work_as_were_asked_for(int threads)
    {
        using CpuAttention attention = CpuAttentions.OnThreads(threads);
        Assert.Equal(threads, attention.Threads);
    }
}
