using Generate.Engine;
using Generate.Sampling;
using Generate.Tests.Model;
using Xunit;

namespace Generate.Tests.Engine;

/// <summary>Many random workloads with hardly enough memory: every text ends, and says what it says alone.</summary>
public sealed class RandomScheduleTests
{
    private const int Workloads = 60;

    [Fact]
    public void Whatever_runs_together_every_text_is_that_which_comes_alone()
    {
        long preemptions = 0;
        long hits = 0;
        for (int seed = 0; seed < Workloads; seed++)
        {
            Random random = new(seed);
            int blockTokens = random.Next(1, 6);
            GenerationRequest[] requests = CreateRequests(random, seed);
            int most = requests.Max(static request => request.Prompt.Length + request.MaxTokens - 1);
            int blocks = ((most + blockTokens - 1) / blockTokens) + random.Next(6);
            EngineRun run = EngineRun.Run(requests, blocks, blockTokens, prefillChunk: random.Next(1, 20));
            preemptions += run.Statistics.Preemptions;
            hits += run.Statistics.HitTokens;
            EngineRun ample = EngineRun.Run(requests);
            foreach ((int Prompt, int Sample) text in ample.Tokens.Keys)
            {
                Assert.True(ample.Tokens[text].SequenceEqual(run.Tokens[text]), $"Seed {seed}, prompt {text.Prompt}, sample {text.Sample}.");
            }

            GenerationRequest first = requests[0] with { Samples = 1 };
            Assert.Equal(EngineRun.Alone(first), run.Tokens[(0, 0)]);
        }

        Assert.True(preemptions > Workloads && hits > Workloads, $"{preemptions} preemptions, {hits} hits.");
    }

    private static GenerationRequest[] CreateRequests(Random random, int seed)
    {
        int[] common = TestModels.RandomTokens(30, seed);
        return [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => EngineRun.Request(
            [.. common[..random.Next(1, common.Length)], .. TestModels.RandomTokens(random.Next(3), random.Next())],
            maxTokens: random.Next(1, 25),
            samples: random.Next(1, 5),
            sampling: new SamplingSettings(random.Next(2), TopP: 0.95, (ulong)seed)))];
    }
}
