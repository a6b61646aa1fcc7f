using Generate.Engine;
using Generate.Tests.Model;
using Xunit;

namespace Generate.Tests.Engine;

/// <summary>What was computed for one prompt is found by the next, though they arrive together.</summary>
public sealed class PrefixReuseTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    [InlineData(100)]
    public void A_prompt_that_begins_like_an_earlier_one_finds_its_blocks(int prefillChunk)
    {
        int[] common = TestModels.RandomTokens(40, seed: 1);
        GenerationRequest[] requests =
        [
            EngineRun.Request(common, maxTokens: 6),
            EngineRun.Request([.. common, .. TestModels.RandomTokens(7, seed: 2)], maxTokens: 6),
            EngineRun.Request(common[..30], maxTokens: 6),
        ];
        EngineRun run = EngineRun.Run(requests, prefillChunk: prefillChunk);
        Assert.Equal(40 + 28, run.Statistics.HitTokens); // whole blocks of 4
        Assert.Equal(40 + 7 + 2 + (3 * 5), run.Statistics.PrefillTokens + run.Statistics.DecodeTokens);
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(EngineRun.Alone(requests[i]), run.Tokens[(i, 0)]));
    }

    [Fact]
    public void The_same_prompt_again_is_computed_only_in_its_last_block()
    {
        GenerationRequest request = EngineRun.Request(TestModels.RandomTokens(16, seed: 1), maxTokens: 3);
        EngineRun run = EngineRun.Run([request, request, request]);
        Assert.Equal(2 * 12, run.Statistics.HitTokens);
        Assert.Equal(run.Tokens[(0, 0)], run.Tokens[(2, 0)]);
    }

    [Fact]
    public void Prompts_that_have_nothing_in_common_do_not_wait_for_each_other()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 4).Select(i => EngineRun.Request([i, .. TestModels.RandomTokens(3, seed: i)], maxTokens: 5))];
        EngineRun run = EngineRun.Run(requests);
        Assert.Equal(5, run.Statistics.Steps);
        Assert.Equal(0, run.Statistics.HitTokens);
    }

    [Fact]
    public void A_preempted_text_finds_what_is_left_of_its_own_blocks()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 2).Select(i => EngineRun.Request(TestModels.RandomTokens(4, seed: i), maxTokens: 29))];
        EngineRun run = EngineRun.Run(requests, blocks: 14);
        Assert.True(run.Statistics.Preemptions > 0);
        Assert.True(run.Statistics.HitTokens > 0);
    }
}
