using KvCache.Serving.CostModels;
using Xunit;

namespace KvCache.Serving.Tests.CostModels;

/// <summary>The presets against what their publishers say of them.</summary>
public sealed class TransformerModelTests
{
    [Theory]
    [InlineData("Llama-2-7B", 6.74, 524_288)]
    [InlineData("Llama-3.1-8B", 8.03, 131_072)]
    [InlineData("Llama-3.1-70B", 70.55, 327_680)]
    [InlineData("Yi-6B", 6.06, 65_536)]
    [InlineData("Yi-9B", 8.83, 98_304)]
    [InlineData("Yi-34B", 34.39, 245_760)]
    [InlineData("Qwen3-32B", 32.76, 262_144)]
    public void Weights_and_cache_are_as_published(string name, double billions, long cacheBytesPerToken)
    {
        TransformerModel model = TransformerModels.All.Single(other => other.Name == name);
        Assert.Equal(billions, model.Parameters / 1e9, 0.01);
        Assert.Equal(cacheBytesPerToken, model.CacheBytesPerToken);
        Assert.Equal(cacheBytesPerToken, model.Geometry().BytesPerToken);
    }

    [Fact]
    public void Devices_share_the_heads_and_hold_at_least_one()
    {
        Assert.Equal(TransformerModels.Llama31With70B.CacheBytesPerToken / 4, TransformerModels.Llama31With70B.Geometry(4).BytesPerToken);
        Assert.Equal(TransformerModels.YiWith6B.CacheBytesPerToken / 4, TransformerModels.YiWith6B.Geometry(8).BytesPerToken);
    }

    /// <summary>28 GB, about 57 thousand tokens, are left of an L20's 48 GB by Llama-2-7B.</summary>
    [Fact]
    public void Memory_for_the_cache_is_what_a_server_finds()
    {
        long bytes = MemoryBudget.CacheBytes(TransformerModels.Llama2With7B, AcceleratorDevices.L20);
        Assert.InRange(bytes / TransformerModels.Llama2With7B.CacheBytesPerToken, 53_000, 58_000);
        Assert.Equal(0, MemoryBudget.CacheBytes(TransformerModels.Llama31With70B, AcceleratorDevices.Rtx4090));
        Assert.True(MemoryBudget.CacheBytes(TransformerModels.Llama31With70B, AcceleratorDevices.A100With80G, tensorParallel: 4) > 30e9);
    }
}
