using Generate.Engine;
using KvCache.Specs.Devices;
using Xunit;

namespace Generate.Tests.Engine;

/// <summary>Texts are the same wherever the layers are, and however many copies fail.</summary>
public sealed class LayerwiseEngineTests
{
    private static readonly GenerationRequest[] Requests =
        [.. Enumerable.Range(0, 6).Select(i => EngineRun.Request([.. Enumerable.Range(0, 20 + (9 * i)).Select(k => ((7 * k) + i) % 37)], maxTokens: 30, samples: 1 + (i % 2)))];

    [Theory]
    [InlineData(0.0, false)]
    [InlineData(0.01, false)]
    [InlineData(0.35, true)]
    public void Texts_are_those_of_a_paged_cache(double failures, bool loses)
    {
        EngineRun expected = EngineRun.Run(Requests);
        WaywardLink link = new(seed: 2, failures);
        EngineRun actual = EngineRun.Run(Requests, geometry => Tight.Create(geometry, blocks: 40, layers: 1, staging: 1, more: 1, link));
        foreach (((int Prompt, int Sample) text, List<int> tokens) in expected.Tokens)
        {
            Assert.Equal(tokens, actual.Tokens[text]);
        }

        Assert.True(link.Submitted > 0);
        Assert.Equal(failures > 0, link.Failed > 0);
        Assert.Equal(loses, actual.Statistics.Preemptions > 0);
    }
}
