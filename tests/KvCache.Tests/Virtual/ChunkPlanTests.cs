using KvCache.Virtual;
using Xunit;

namespace KvCache.Tests.Virtual;

public sealed class ChunkPlanTests
{
    private const long ChunkBytes = 2 << 20;

    /// <summary>The shapes of the paper's models, per GPU.</summary>
    [Theory]
    [InlineData("Llama2-7B", 32, 32, 256, 128)]
    [InlineData("Llama3-8B", 32, 8, 1_024, 128)]
    [InlineData("Yi-6B", 32, 4, 2_048, 128)]
    [InlineData("Yi-9B, 2 GPUs", 48, 2, 4_096, 192)]
    [InlineData("Yi-34B, 4 GPUs", 60, 2, 4_096, 240)]
    [InlineData("80 layers", 80, 8, 1_024, 320)]
    public void Chunks_hold_so_many_tokens_and_a_sequence_takes_at_least_so_much(string model, int layers, int heads, int tokens, int mebibytes)
    {
        ChunkPlan plan = new(KvGeometry.Create(layers, heads, 128), ChunkBytes, blockTokens: 16);
        Assert.Equal((tokens, (long)tokens), (plan.GroupTokens, plan.ChunkTokens));
        Assert.True(plan.FootprintBytes(1) == (long)mebibytes << 20, model);
        Assert.Equal((1, 1, 2 * layers), (plan.KeyChunks, plan.ValueChunks, plan.ChunksPerGroup));
        Assert.Equal(plan.GroupBytes / 2, plan.AverageWasteBytes);
        Assert.Equal(0, plan.WasteBytes(tokens));
        Assert.Equal(plan.GroupBytes - plan.Geometry.BytesPerToken, plan.WasteBytes(tokens + 1));
        Assert.Equal(0, plan.FootprintBytes(0));
    }

    [Theory]
    [InlineData(32, 32, 128, 64)]
    [InlineData(32, 8, 512, 64)]
    [InlineData(60, 2, 2_048, 120)]
    public void Side_by_side_keys_and_values_halve_a_group(int layers, int heads, int tokens, int mebibytes)
    {
        ChunkPlan plan = new(KvGeometry.Create(layers, heads, 128), ChunkBytes, blockTokens: 16, TokenLayout.Interleaved);
        Assert.Equal((tokens, (long)tokens), (plan.GroupTokens, plan.ChunkTokens));
        Assert.Equal((long)mebibytes << 20, plan.FootprintBytes(1));
        Assert.Equal((1, 0, layers), (plan.KeyChunks, plan.ValueChunks, plan.ChunksPerGroup));
    }

    [Fact]
    public void Tokens_that_do_not_divide_a_chunk_take_several()
    {
        ChunkPlan plan = new(new KvGeometry(new KvLayerGroup(2, 3, 4, 6, KvElementType.Float16)), 4096, blockTokens: 5);
        Assert.Equal(0, plan.GroupTokens * 24L % 4096);
        Assert.Equal(0, plan.GroupTokens * 36L % 4096);
        Assert.Equal(0, plan.GroupTokens % 5);
        Assert.Equal(5 * 1024, plan.GroupTokens);
        Assert.Equal((30, 45), (plan.KeyChunks, plan.ValueChunks));
        Assert.Equal(1024 * 5, new ChunkPlan(plan.Geometry, 4096, blockTokens: 5, TokenLayout.Interleaved).GroupTokens);
    }

    [Fact]
    public void What_cannot_be_planned_is_refused_by_name()
    {
        KvGeometry geometry = KvGeometry.Create(1, 1, 8);
        Assert.Throws<ArgumentNullException>(() => new ChunkPlan(null!, 4096));
        Assert.Equal("chunkBytes", Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkPlan(geometry, 3000)).ParamName);
        Assert.Equal("blockTokens", Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkPlan(geometry, 4096, 0)).ParamName);
        Assert.Equal("layout", Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkPlan(geometry, 4096, 1, (TokenLayout)2)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkPlan(KvGeometry.Create(1, 1, 7), 1 << 30, 1_000_003));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ChunkPlan(geometry, 4096).FootprintBytes(-1));
    }
}
