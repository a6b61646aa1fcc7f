using KvCache.Paged;
using KvCache.Serving.CostModels;
using KvCache.Serving.Scheduling;
using KvCache.Serving.Simulation;
using Xunit;

namespace KvCache.Serving.Tests.Simulation;

/// <summary>Time as it passes in a simulation, and what is noted down.</summary>
public sealed class SimulatorTests
{
    private static readonly LinearCostModel Costs = new(1000, 10, 5);

    [Fact]
    public void Requests_arrive_while_steps_are_computed_and_start_with_the_next()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 100);
        SimulationResult result = new Simulator(allocator, Costs).Run([At(0, 100, 3), At(2500, 10, 1), At(3005, 20, 2), At(10_000, 1, 1)]);
        Assert.Equal(
            [
                (0, 2000, 100, 100, 0, 1, 0), (2000, 3005, 1, 0, 1, 1, 0), (3005, 4310, 31, 30, 1, 3, 0), (4310, 5315, 1, 0, 1, 1, 0),
                (10_000, 11_010, 1, 1, 0, 1, 0),
            ],
            result.Steps.Select(static step => (
                Microseconds(step.Start), Microseconds(step.End), step.ScheduledTokens, step.PrefillTokens, step.DecodeRequests, step.Running, step.Waiting)));
        Assert.Equal([93, 93, 90, 98, 99], result.Steps.Select(static step => step.AvailableBlocks));
        Assert.Equal(
            [(0, 2000, 4310), (3005, 4310, 4310), (3005, 4310, 5315), (10_000, 11_010, 11_010)],
            result.Requests.Select(static request => (Microseconds(request.Started), Microseconds(request.FirstToken), Microseconds(request.Finished))));
        Assert.Equal(TimeSpan.FromMicroseconds(505), result.Requests[1].Queued);
        Assert.Equal(TimeSpan.FromMicroseconds(1155), result.Requests[0].TimePerOutputToken);
        Assert.Null(result.Requests[1].TimePerOutputToken);
    }

    [Fact]
    public void The_same_requests_give_the_same_bytes()
    {
        string[] runs = [.. Enumerable.Range(0, 3).Select(_ =>
        {
            using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 60, prefixCaching: true);
            SimulationResult result = new Simulator(allocator, Costs).Run(Random(300));
            Assert.True(result.Steps.Sum(static step => step.Preempted) > 20);
            allocator.CheckIntegrity();
            StringWriter writer = new();
            SimulationCsv.WriteSteps(result, writer);
            SimulationCsv.WriteRequests(result, writer);
            writer.Write(result.Summarize(new ServiceObjectives(TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(2))));
            return writer.ToString();
        })];
        Assert.All(runs, run => Assert.Equal(runs[0], run));
    }

    [Fact]
    public void Requests_that_say_the_same_share_blocks_and_others_do_not()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 100, prefixCaching: true);
        SimulatedRequest first = At(0, 40, 20) with { Text = new Counting(1) };
        SimulatedRequest turn = At(100_000, 70, 1) with { Text = new Counting(1) };
        SimulatedRequest other = At(200_000, 70, 1) with { Text = new Counting(2) };
        SimulationResult result = new Simulator(allocator, Costs).Run([first, turn, other, At(300_000, 70, 1), At(400_000, 70, 1)]);
        Assert.Equal([0, 48, 0, 0, 0], result.Requests.Select(static request => request.HitTokens));
    }

    [Fact]
    public void A_request_that_can_never_fit_is_refused_and_the_others_are_served()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 4);
        SimulationResult result = new Simulator(allocator, Costs).Run([At(0, 65, 1), At(10, 64, 1), At(20, 60, 6)]);
        Assert.Equal([KvRefusal.TooLong, KvRefusal.None, KvRefusal.TooLong], result.Requests.Select(static request => request.Refusal));
        StringWriter writer = new();
        SimulationCsv.WriteRequests(result, writer);
        Assert.Equal(
            "request,arrival_us,prompt_tokens,output_tokens,first_token_us,finish_us,preemptions\n0,0,65,1,,,0\n1,10,64,1,1650,1650,0\n2,20,60,6,,,0\n",
            writer.ToString());
        ServiceSummary summary = result.Summarize();
        Assert.Equal((1, 2, 2), (summary.Served, summary.Refused, summary.Violations));
    }

    [Fact]
    public void Requests_are_read_as_they_arrive()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 100);
        TimeSpan read = TimeSpan.Zero;
        IEnumerable<SimulatedRequest> Requests()
        {
            for (int i = 0; i < 50; i++)
            {
                int inFlight = allocator.Usage.OpenSequences;
                Assert.True(inFlight <= 1, "All but the last request have ended when the next but one is read.");
                yield return At(read.Ticks / TimeSpan.TicksPerMicrosecond, 10, 3);
                read += TimeSpan.FromSeconds(1);
            }
        }

        Assert.Equal(50, new Simulator(allocator, Costs).Run(Requests()).Requests.Count);
    }

    [Fact]
    public void Bad_requests_are_refused_by_number()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 100);
        Simulator simulator = new(allocator, Costs);
        ArgumentException exception = Assert.Throws<ArgumentException>("requests", () => simulator.Run([At(10, 1, 1), At(9, 1, 1)]));
        Assert.StartsWith("Request 1 arrives at 00:00:00.0000090, with 1 tokens and 1 to generate; expected", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("requests", () => simulator.Run([At(-1, 1, 1)]));
        Assert.Throws<ArgumentException>("requests", () => simulator.Run([At(0, 0, 1)]));
        Assert.Throws<ArgumentException>("requests", () => simulator.Run([At(0, 1, 0)]));
        Assert.Throws<ArgumentNullException>("requests", () => simulator.Run(null!));
        Assert.Equal(0, allocator.Usage.OpenSequences);
        Assert.Empty(simulator.Run([]).Requests);
    }

    [Fact]
    public void A_policy_that_admits_nobody_ends_the_simulation()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 100);
        Simulator simulator = new(allocator, Costs, new SimulationOptions { Admission = static () => new Nobody() });
        Assert.Contains("2 requests wait", Assert.Throws<InvalidOperationException>(() => simulator.Run([At(0, 1, 1), At(5, 1, 1)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whole_conversation_trace_is_served()
    {
        using PagedKvAllocator allocator = DryAllocators.Paged(blocks: 2587);
        SimulationResult result = new Simulator(allocator, new LinearCostModel(5000, 100, 50)).Run(Golden.AzureTrace.Read("conv"));
        Assert.Equal(19_366, result.Summarize().Served);
        Assert.All(result.Requests, static request => Assert.True(request.Arrival <= request.Started && request.Started < request.FirstToken && request.FirstToken <= request.Finished));
        long positions = result.Requests.Sum(static request => request.PromptTokens + request.OutputTokens - 1L);
        Assert.Equal(positions + result.Requests.Sum(static request => request.RecomputedTokens), result.Steps.Sum(static step => (long)step.ScheduledTokens));
        Assert.Equal(0, allocator.Usage.OpenSequences);
    }

    private static SimulatedRequest At(long microseconds, int prompt, int output) => new(TimeSpan.FromMicroseconds(microseconds), prompt, output);

    private static IEnumerable<SimulatedRequest> Random(int count)
    {
        Random random = new(20261124);
        long time = 0;
        for (int i = 0; i < count; i++)
        {
            time += random.Next(4000);
            yield return At(time, random.Next(1, 200), random.Next(1, 60)) with { Text = i % 2 == 0 ? new Counting(i % 6) : null, Priority = i % 3 };
        }
    }

    private static long Microseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    private sealed class Counting(int start) : ITokenSource
    {
        public void Read(int position, Span<int> tokens)
        {
            for (int i = 0; i < tokens.Length; i++)
            {
                tokens[i] = (start * 10_000) + position + i;
            }
        }
    }

    private sealed class Nobody : IAdmissionPolicy
    {
        public void BeginStep(ContinuousBatchScheduler scheduler)
        {
        }

        public AdmissionDecision Decide(AdmissionCandidate candidate) => AdmissionDecision.Stop;
    }
}
