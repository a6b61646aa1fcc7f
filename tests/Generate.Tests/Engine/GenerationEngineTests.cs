using Generate.Engine;
using Generate.Model;
using Generate.Sampling;
using Generate.Tests.Model;
using Xunit;

namespace Generate.Tests.Engine;

/// <summary>The engine's promises: what a text says does not depend on what else runs, or on how much memory there is.</summary>
public sealed class GenerationEngineTests
{
    private static readonly SamplingSettings Free = new(Temperature: 1, TopP: 0.9, Seed: 11);

    [Fact]
    public void A_greedy_text_takes_the_likeliest_token_of_the_plain_model_each_time()
    {
        List<int> text = [.. TestModels.RandomTokens(5, seed: 1)];
        List<int> tokens = EngineRun.Alone(EngineRun.Request([.. text], maxTokens: 12));
        ReferenceTransformer reference = new(TestModels.Llama, RandomModel.CreateWeights(TestModels.Llama));
        foreach (int token in tokens)
        {
            double[] logits = reference.Logits([.. text])[^1];
            Assert.Equal(Array.IndexOf(logits, logits.Max()), token);
            text.Add(token);
        }

        Assert.Equal(12, tokens.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(1000)]
    public void Texts_of_a_mixed_batch_are_those_that_come_alone(int prefillChunk)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => EngineRun.Request(
            TestModels.RandomTokens(1 + (i * 9), seed: i), maxTokens: 30 - (i * 4), sampling: i % 2 == 0 ? null : Free))];
        EngineRun run = EngineRun.Run(requests, prefillChunk: prefillChunk);
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(EngineRun.Alone(requests[i]), run.Tokens[(i, 0)]);
        }

        Assert.Equal(0, run.Statistics.Preemptions);
        Assert.Equal(requests.Sum(static request => request.Prompt.Length + request.MaxTokens - 1), run.Statistics.PrefillTokens + run.Statistics.DecodeTokens);
    }

    [Fact]
    public void All_prompts_together_have_one_budget_in_a_step()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 3).Select(i =>
            EngineRun.Request([i, .. TestModels.RandomTokens(15, seed: i)], maxTokens: 1))];
        Assert.Equal(6, EngineRun.Run(requests, prefillChunk: 8).Statistics.Steps);
        Assert.Equal(1, EngineRun.Run(requests, prefillChunk: 48).Statistics.Steps);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(16)]
    [InlineData(21)]
    public void Preemption_changes_no_text(int blocks)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 5).Select(i => EngineRun.Request(
            TestModels.RandomTokens(3 + i, seed: i), maxTokens: 45, samples: 1 + (i % 3), sampling: Free))];
        EngineRun run = EngineRun.Run(requests, blocks);
        Assert.True(run.Statistics.Preemptions > 0);
        EngineRun ample = EngineRun.Run(requests);
        Assert.Equal(0, ample.Statistics.Preemptions);
        Assert.Equal(ample.Tokens, run.Tokens);
    }

    [Fact]
    public void The_oldest_text_is_never_preempted_and_ends_first()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i =>
            EngineRun.Request(TestModels.RandomTokens(4, seed: i), maxTokens: 37))];
        EngineRun run = EngineRun.Run(requests, blocks: 10);
        Assert.True(run.Statistics.Preemptions > 0);
        Assert.Equal([(0, 0), (1, 0), (2, 0), (3, 0)], run.Finished);
    }

    [Fact]
    public void Samples_are_forked_from_one_computed_prompt()
    {
        int[] prompt = TestModels.RandomTokens(10, seed: 3);
        EngineRun run = EngineRun.Run([EngineRun.Request(prompt, maxTokens: 20, samples: 4, Free)]);
        Assert.Equal(3, run.Statistics.Forks);
        Assert.Equal(10, run.Statistics.PrefillTokens);
        Assert.Equal(4, run.Tokens.Values.Select(static tokens => string.Join(' ', tokens)).Distinct().Count());
        EngineRun greedy = EngineRun.Run([EngineRun.Request(prompt, maxTokens: 20, samples: 4)]);
        Assert.All(greedy.Tokens.Values, tokens => Assert.Equal(greedy.Tokens[(0, 0)], tokens));
    }

    [Fact]
    public void A_sample_depends_on_its_seed_and_number_alone()
    {
        GenerationRequest request = EngineRun.Request(TestModels.RandomTokens(6, seed: 1), maxTokens: 25, samples: 3, Free);
        GenerationRequest other = EngineRun.Request(TestModels.RandomTokens(9, seed: 2), maxTokens: 25, samples: 2, Free);
        EngineRun alone = EngineRun.Run([request]);
        EngineRun together = EngineRun.Run([other, request], blocks: 20);
        Assert.True(together.Statistics.Preemptions > 0);
        Assert.All(Enumerable.Range(0, 3), sample => Assert.Equal(alone.Tokens[(0, sample)], together.Tokens[(1, sample)]));
        EngineRun otherSeed = EngineRun.Run([request with { Sampling = Free with { Seed = 12 } }]);
        Assert.NotEqual(alone.Tokens[(0, 0)], otherSeed.Tokens[(0, 0)]);
    }

    [Fact]
    public void A_stop_token_ends_a_text_and_is_no_part_of_it()
    {
        int[] prompt = TestModels.RandomTokens(4, seed: 6);
        List<int> tokens = EngineRun.Alone(EngineRun.Request(prompt, maxTokens: 30, samples: 1, Free));
        int stop = tokens[9];
        EngineRun run = EngineRun.Run([EngineRun.Request(prompt, maxTokens: 30, samples: 1, Free, stop)]);
        Assert.Equal(tokens.TakeWhile(token => token != stop), run.Tokens.GetValueOrDefault((0, 0), []));
    }

    [Fact]
    public void One_token_needs_no_memory_but_its_prompts()
    {
        EngineRun run = EngineRun.Run([EngineRun.Request(TestModels.RandomTokens(8, seed: 1), maxTokens: 1, samples: 2)], blocks: 2);
        Assert.Equal(0, run.Statistics.DecodeTokens);
        Assert.All(run.Tokens.Values, static tokens => Assert.Single(tokens));
    }

    [Fact]
    public void What_can_never_fit_is_refused_before_anything_is_generated()
    {
        GenerationRequest fits = EngineRun.Request(TestModels.RandomTokens(8, seed: 1), maxTokens: 33);
        Assert.Equal(33, EngineRun.Run([fits], blocks: 10).Tokens[(0, 0)].Count);
        GenerateException exception = Assert.Throws<GenerateException>(() => EngineRun.Run([fits, fits with { MaxTokens = 34 }], blocks: 10));
        Assert.Equal(
            "Prompt 2 has 8 tokens and with those to generate up to 41 positions; the cache has room for 40. " +
            "Give more memory, or ask for fewer tokens.",
            exception.Message);
    }
}
