using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling;

/// <summary>Random workloads in hardly enough memory, held to an independent scheduler in every step.</summary>
public sealed class SchedulerProperties
{
    private const int Workloads = 1500;

    [Fact]
    public void Every_step_is_the_reference_schedulers()
    {
        int preempting = 0;
        int hitting = 0;
        int findingTheirOwn = 0;
        Prop.ForAll(WorkloadGenerator.Arbitrary, workload =>
        {
            using WorkloadRun run = new(workload);
            run.Run();
            preempting += run.Preemptions > 0 ? 1 : 0;
            hitting += run.HitTokens > 0 ? 1 : 0;
            findingTheirOwn += run.HitTokens > 0 && workload.IsUnshared ? 1 : 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Workloads).WithReplay(20261124UL, 99UL));
        Assert.True(
            preempting > Workloads / 4 && hitting > Workloads / 5 && findingTheirOwn > Workloads / 20,
            $"{preempting} workloads with preemptions, {hitting} with hits, {findingTheirOwn} of requests that find their own blocks.");
    }
}
