using System.IO.Compression;
using System.Text.Json;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>Every request of a real trace hits exactly what another engine's manager hit.</summary>
public sealed class GoldenHitsTests : IDisposable
{
    private readonly ReplayFolder _folder = new();

    [Theory]
    [InlineData(1_000, 6_572_544, "paged")]
    [InlineData(64_000, 53_007_360, "paged")]
    [InlineData(200_000, 54_063_104, "paged")]
    [InlineData(200_000, 54_063_104, "virtual")]
    [InlineData(1_000, 6_572_544, "layerwise")]
    [InlineData(64_000, 53_007_360, "layerwise")]
    [InlineData(200_000, 54_063_104, "layerwise")]
    public void Every_request_hits_the_reference_tokens(int capacity, long hitTokens, string manager)
    {
        string trace = SharedFiles.Find("traces/mooncake/conversation_trace.jsonl");
        string golden = SharedFiles.Find($"golden/prefix/conversation-capacity-{capacity}.csv.gz");

        (int exitCode, _, string error) = ReplayFolder.Run(
            "prefix", "--trace", trace, "--block-tokens", "512", "--capacity", $"{capacity}", "--deduplicate", "off", "--allocator", manager,
            "--requests-out", _folder.PathOf("hits.csv"));

        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        using StreamReader expected = new(new GZipStream(File.OpenRead(golden), CompressionMode.Decompress));
        string actual = _folder.Read("hits.csv");
        Assert.Equal(expected.ReadToEnd(), actual);
        Assert.Equal(hitTokens, actual.Split('\n')[1..^1].Sum(row => long.Parse(row.Split(',')[1])));
    }

    /// <summary>Hits are as fine as blocks though memory comes in groups, as long as there is memory for all of them.</summary>
    [Fact]
    public void Coarse_groups_hit_the_reference_tokens_where_memory_is_unbounded()
    {
        string trace = SharedFiles.Find("traces/mooncake/conversation_trace.jsonl");

        (int exitCode, _, string error) = ReplayFolder.Run(
            "prefix", "--trace", trace, "--block-tokens", "512", "--capacity", "300000", "--allocator", "paged,virtual", "--group-blocks", "8",
            "--runs", "1", "--requests-out", _folder.PathOf("hits.csv"), "--json", _folder.PathOf("summary.json"));

        Assert.Equal(("", 0), (error, exitCode));
        Assert.Equal(_folder.Read("hits.paged.csv"), _folder.Read("hits.virtual.csv"));
        JsonElement summary = JsonDocument.Parse(_folder.Read("summary.virtual.json")).RootElement;
        Assert.Equal(54_063_104, summary.GetProperty("hitTokens").GetInt64());
        Assert.Equal("virtual", summary.GetProperty("allocator").GetString());
        Assert.False(summary.GetProperty("deduplicate").GetBoolean());
    }

    public void Dispose() => _folder.Dispose();
}
