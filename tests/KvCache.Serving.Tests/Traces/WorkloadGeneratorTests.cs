using KvCache.Serving.Simulation;
using KvCache.Serving.Traces;
using Xunit;

namespace KvCache.Serving.Tests.Traces;

/// <summary>Generated loads: their statistics, their prefixes, and that a seed is all they depend on.</summary>
public sealed class WorkloadGeneratorTests
{
    private const int Many = 20_000;

    [Fact]
    public void Poisson_arrivals_have_the_rate_and_the_spread_of_a_Poisson_process()
    {
        double[] gaps = Gaps(ArrivalProcess.Poisson(8));

        // Of an exponential distribution mean and deviation are equal, and 1 − 1/e of the gaps are below the mean. Five standard errors.
        double error = 5 / Math.Sqrt(Many);
        Assert.Equal(1, gaps.Average() * 8, error);
        Assert.Equal(1, gaps.Select(gap => Math.Pow(gap - gaps.Average(), 2)).Average() * 64, 3 * error);
        Assert.Equal(1 - (1 / Math.E), gaps.Count(static gap => gap < 1 / 8.0) / (double)gaps.Length, error);
    }

    [Fact]
    public void Constant_arrivals_have_equal_gaps() => Assert.All(Gaps(ArrivalProcess.Constant(8)), static gap => Assert.Equal(0.125, gap, 1.1e-6));

    [Fact]
    public void Lengths_follow_their_distributions()
    {
        SimulatedRequest[] requests = Generate(new WorkloadOptions
        {
            Requests = Many,
            Arrivals = ArrivalProcess.Constant(1),
            PromptTokens = LengthDistribution.LogNormal(median: 400, sigma: 0.5, least: 10, most: 2_000),
            OutputTokens = LengthDistribution.Uniform(5, 9),
        });

        int[] prompts = [.. requests.Select(static request => request.PromptTokens).Order()];
        double error = 5 / Math.Sqrt(Many);
        Assert.Equal(1, prompts[Many / 2] / 400.0, error);
        Assert.Equal(0.5, Math.Log(prompts[(int)(Many * 0.8413)] / 400.0), 2 * error);
        Assert.InRange(prompts[0], 10, 100);
        Assert.InRange(prompts[^1], 1_500, 2_000);
        Assert.All(requests.CountBy(static request => request.OutputTokens), count => Assert.Equal(0.2, count.Value / (double)Many, error));
        Assert.Equal([5, 6, 7, 8, 9], requests.Select(static request => request.OutputTokens).Distinct().Order());
    }

    [Fact]
    public void Lengths_are_drawn_from_a_list()
    {
        SimulatedRequest[] requests = Generate(Options with { Requests = 1_000, PromptTokens = LengthDistribution.OneOf(7, 7, 50), OutputTokens = LengthDistribution.Fixed(0) });
        Assert.Equal(2 / 3.0, requests.Count(static request => request.PromptTokens == 7) / 1_000.0, 0.1);
        Assert.Equal([7, 50], requests.Select(static request => request.PromptTokens).Distinct().Order());
        Assert.All(requests, static request => Assert.Equal(1, request.OutputTokens));
    }

    [Fact]
    public void A_turn_begins_with_all_that_was_said_before_and_conversations_share_their_system_prompts()
    {
        SimulatedRequest[] requests = Generate(Options with { Turns = LengthDistribution.Fixed(4), SystemPrompts = 3, SystemPromptTokens = LengthDistribution.Uniform(20, 90) });

        Assert.Equal(requests.OrderBy(static request => request.Arrival), requests);
        SimulatedRequest[][] conversations = [.. requests.GroupBy(static request => request.Text).Select(static turns => turns.ToArray())];
        Assert.Contains(conversations, static turns => turns.Length == 4);
        Assert.All(conversations, static turns =>
        {
            Assert.InRange(turns.Length, 1, 4);
            for (int i = 1; i < turns.Length; i++)
            {
                int[] before = Read(turns[i - 1], turns[i - 1].PromptTokens + turns[i - 1].OutputTokens);
                int[] prompt = Read(turns[i], turns[i].PromptTokens);
                Assert.True(prompt.Length > before.Length);
                Assert.Equal(before, prompt[..before.Length]);
                Assert.True(turns[i].Arrival >= turns[i - 1].Arrival);
            }
        });

        // Each begins with one of three texts, and none goes on as another does.
        int[][] prompts = [.. conversations.Select(static turns => Read(turns[0], turns[0].PromptTokens))];
        Assert.Equal(3, prompts.Select(static prompt => prompt[0]).Distinct().Count());
        Assert.Equal(prompts.Length, prompts.Select(static prompt => prompt[^1]).Distinct().Count());
        Assert.All(prompts.GroupBy(static prompt => prompt[0]), static same => Assert.Single(same.Select(prompt => prompt.TakeWhile(token => token == prompt[0]).Count()).Distinct()));
    }

    [Fact]
    public void Next_turns_come_after_a_time_to_think()
    {
        SimulatedRequest[] requests = Generate(Options with { Requests = 4_000, Turns = LengthDistribution.Fixed(100), ThinkTime = TimeSpan.FromSeconds(10) });
        double[] times = [.. requests.GroupBy(static request => request.Text).SelectMany(static turns => turns.Zip(turns.Skip(1), static (one, next) => (next.Arrival - one.Arrival).TotalSeconds))];
        Assert.True(times.Length > 1_000);
        Assert.Equal(1, times.Average() / 10, 0.2);
    }

    [Fact]
    public void A_conversation_ends_before_it_is_too_long()
    {
        SimulatedRequest[] requests = Generate(Options with { Turns = LengthDistribution.Fixed(1_000), PromptTokens = LengthDistribution.Uniform(1, 400), LongestConversation = 300 });
        Assert.All(requests, static request => Assert.InRange(request.PromptTokens + request.OutputTokens, 2, 300));
        Assert.Contains(requests, static request => request.PromptTokens + request.OutputTokens == 300);
    }

    [Fact]
    public void A_seed_is_all_that_a_load_depends_on()
    {
        WorkloadOptions options = Options with { Turns = LengthDistribution.Uniform(1, 5), SystemPrompts = 2 };
        IEnumerable<SimulatedRequest> requests = WorkloadGenerator.Generate(options);
        (TimeSpan, int, int)[] Sizes(IEnumerable<SimulatedRequest> load) => [.. load.Select(static request => (request.Arrival, request.PromptTokens, request.OutputTokens))];

        Assert.Equal(Sizes(requests), Sizes(requests));
        Assert.Equal(Sizes(requests), Sizes(WorkloadGenerator.Generate(options with { })));
        Assert.NotEqual(Sizes(requests), Sizes(WorkloadGenerator.Generate(options with { Seed = 1 })));
        Assert.Equal(Options.Requests, requests.Count());
    }

    [Fact]
    public void What_cannot_be_is_refused_by_name()
    {
        Assert.Throws<ArgumentOutOfRangeException>("rate", () => ArrivalProcess.Poisson(0));
        Assert.Throws<ArgumentOutOfRangeException>("rate", () => ArrivalProcess.Constant(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => LengthDistribution.Fixed(-1));
        Assert.Throws<ArgumentOutOfRangeException>("most", () => LengthDistribution.Uniform(5, 4));
        Assert.Throws<ArgumentOutOfRangeException>("median", () => LengthDistribution.LogNormal(0, 1, 0, 9));
        Assert.Throws<ArgumentOutOfRangeException>("sigma", () => LengthDistribution.LogNormal(1, -1, 0, 9));
        Assert.Throws<ArgumentException>("lengths", () => LengthDistribution.OneOf());
        Assert.Throws<ArgumentOutOfRangeException>("Requests", () => WorkloadGenerator.Generate(Options with { Requests = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>("ThinkTime", () => WorkloadGenerator.Generate(Options with { ThinkTime = TimeSpan.FromTicks(-1) }));
        Assert.Throws<ArgumentOutOfRangeException>("SystemPrompts", () => WorkloadGenerator.Generate(Options with { SystemPrompts = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>("LongestConversation", () => WorkloadGenerator.Generate(Options with { LongestConversation = 1 }));
    }

    private static WorkloadOptions Options { get; } = new()
    {
        Requests = 300,
        Arrivals = ArrivalProcess.Poisson(2),
        PromptTokens = LengthDistribution.Uniform(1, 50),
        OutputTokens = LengthDistribution.Uniform(1, 50),
        SystemPromptTokens = LengthDistribution.Fixed(30),
    };

    private static SimulatedRequest[] Generate(WorkloadOptions options) => [.. WorkloadGenerator.Generate(options)];

    private static int[] Read(SimulatedRequest request, int count)
    {
        int[] tokens = new int[count];
        request.Text!.Read(0, tokens);
        return tokens;
    }

    private static double[] Gaps(ArrivalProcess arrivals)
    {
        double[] times = [.. Generate(Options with { Requests = Many, Arrivals = arrivals }).Select(static request => request.Arrival.TotalSeconds)];
        return [.. times.Zip(times.Prepend(0), static (time, before) => time - before)];
    }
}
