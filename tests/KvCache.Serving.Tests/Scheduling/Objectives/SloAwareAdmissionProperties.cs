using FsCheck;
using FsCheck.Fluent;
using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Scheduling.Objectives;
using KvCache.Serving.Simulation;
using Xunit;

namespace KvCache.Serving.Tests.Scheduling.Objectives;

/// <summary>Random loads over objectives that can and cannot be held: every decision is that of the definition, and everybody is served.</summary>
public sealed class SloAwareAdmissionProperties
{
    private const int Loads = 400;

    private static readonly Gen<(int Gap, int Prompt, int Output)> Requests =
        from gap in Gen.Choose(0, 4000)
        from prompt in Gen.Choose(1, 50)
        from output in Gen.Choose(1, 24)
        select (gap, prompt, output);

    private static readonly Gen<ObjectivesLoad> All =
        from blocks in Gen.Choose(15, 60)
        from stepTokens in Gen.Frequency((1, Gen.Choose(4, 30)), (2, Gen.Constant(1000)))
        from start in Gen.Choose(0, 500)
        from prefill in Gen.Choose(1, 100)
        from decode in Gen.Choose(0, 200)
        from objective in Gen.Choose(200, 3000)
        from protects in Gen.Elements(true, false)
        from longestWait in Gen.Frequency((3, Gen.Constant(-1)), (1, Gen.Choose(0, 20_000)))
        from deviceTokens in Gen.Frequency((1, Gen.Constant(int.MaxValue)), (1, Gen.Choose(1, 200)))
        from predictor in Gen.Choose(0, 2)
        from count in Gen.Choose(1, 25)
        from requests in Requests.ArrayOf(count)
        select new ObjectivesLoad(
            blocks, stepTokens, start, prefill, decode, objective, protects, longestWait, deviceTokens, predictor,
            requests);

    [Fact]
    public void Every_decision_is_the_definitions_and_nobody_starves()
    {
        int stopped = 0;
        int late = 0;
        int upper = 0;
        Prop.ForAll(Arb.From(All), load =>
        {
            PlainAdmission admission = Serve(load);
            stopped += admission.Stopped > 0 ? 1 : 0;
            late += admission.LateOnes > 0 ? 1 : 0;
            upper += admission.UpperEdges > 0 ? 1 : 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Loads).WithReplay(20261124UL, 7UL));
        Assert.True(
            stopped > Loads / 5 && late > Loads / 10 && upper > Loads / 10,
            $"{stopped} loads in which somebody had to wait for others' objectives, {late} with late ones, {upper} with steps slower than the objective.");
    }

    private static PlainAdmission Serve(ObjectivesLoad load)
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(load.Blocks, blockTokens: 4);
        LinearCostModel costs = new(load.Base, load.PrefillToken, load.DecodeRequest);
        SloAwareAdmissionOptions options = new()
        {
            TimePerOutputToken = TimeSpan.FromMicroseconds(load.Objective),
            Late = load.Protects ? LateRequests.Protect : LateRequests.Disregard,
            LongestWait = load.LongestWait < 0 ? null : TimeSpan.FromMicroseconds(load.LongestWait),
            DeviceTokens = load.DeviceTokens,
            Predictor = load.Predictor switch
            {
                0 => new OracleOutputLengths(),
                1 => new BucketedOutputLengths([4, 8, 16], accuracy: 0.6, seed: load.Blocks),
                _ => new HistogramOutputLengths(memory: 8),
            },
        };
        PlainAdmission admission = new(new SloAwareAdmission(costs, options), options, load);
        TimeSpan arrival = TimeSpan.Zero;
        List<SimulatedRequest> requests = [];
        foreach ((int gap, int prompt, int output) in load.Requests)
        {
            arrival += TimeSpan.FromMicroseconds(gap);
            requests.Add(new SimulatedRequest(arrival, prompt, output));
        }

        SimulationResult result = new Simulator(
            allocator, costs, new SimulationOptions { MaxStepTokens = load.StepTokens, Admission = () => admission }).Run(requests);
        Assert.All(result.Requests, static request => Assert.True(!request.IsServed || request.Finished >= request.FirstToken));
        Assert.Equal(requests.Count, result.Requests.Count);
        Assert.Equal((0, 0), (allocator.Usage.OpenSequences, allocator.Usage.OwnedBlocks));
        allocator.CheckIntegrity();
        return admission;
    }
}
