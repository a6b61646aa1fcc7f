using KvCache.Attention;
using Xunit;

namespace KvCache.Tests.Attention;

public class WorkerSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_part_is_done_once_and_before_the_run_ends(int workers)
    {
        using WorkerSet set = new(workers);
        Assert.Equal(workers, set.Workers);
        for (int run = 0; run < 600; run++)
        {
            CountedWork work = new(run % 37);
            set.Run(work, run % 37);
            Assert.All(work.Times, times => Assert.Equal(1, times));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void All_threads_come_awake_or_asleep_and_each_is_another_worker(int workers)
    {
        using WorkerSet set = new(workers);
        for (int run = 0; run < 12; run++)
        {
            using Meeting meeting = new(workers);
            set.Run(meeting, workers);
            Assert.Equal(0, meeting.Late);
            Assert.Equal(Enumerable.Range(0, workers), meeting.Workers.Order());
            Thread.Sleep(run % 3 * 5); // they look out for work for a moment, then sleep
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void A_part_that_fails_is_told_when_the_others_are_done_and_the_next_run_is_served(int workers)
    {
        using WorkerSet set = new(workers);
        for (int failing = 0; failing < 20; failing++)
        {
            CountedWork work = new(20, failing);
            AggregateException failure = Assert.Throws<AggregateException>(() => set.Run(work, 20));
            Assert.Equal($"Part {failing} failed.", Assert.Single(failure.InnerExceptions).Message);
            Assert.All(work.Times, times => Assert.Equal(1, times));

            CountedWork next = new(20);
            set.Run(next, 20);
            Assert.All(next.Times, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void A_set_that_is_disposed_refuses()
    {
        WorkerSet set = new(3);
        set.Run(new CountedWork(9), 9);
        set.Dispose();
        set.Dispose();
        CountedWork work = new(9);
        Assert.Throws<ObjectDisposedException>(() => set.Run(work, 9));
        Assert.All(work.Times, times => Assert.Equal(0, times));
    }
}
