using System.IO.Compression;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>Every request of a real trace hits exactly what another engine's manager hit.</summary>
public sealed class GoldenHitsTests : IDisposable
{
    private readonly ReplayFolder _folder = new();

    [Theory]
    [InlineData(1_000, 6_572_544)]
    [InlineData(64_000, 53_007_360)]
    [InlineData(200_000, 54_063_104)]
    public void Every_request_hits_the_reference_tokens(int capacity, long hitTokens)
    {
        string trace = SharedFiles.Find("traces/mooncake/conversation_trace.jsonl");
        string golden = SharedFiles.Find($"golden/prefix/conversation-capacity-{capacity}.csv.gz");

        (int exitCode, _, string error) = ReplayFolder.Run(
            "prefix", "--trace", trace, "--block-tokens", "512", "--capacity", $"{capacity}", "--deduplicate", "off",
            "--requests-out", _folder.PathOf("hits.csv"));

        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        using StreamReader expected = new(new GZipStream(File.OpenRead(golden), CompressionMode.Decompress));
        string actual = _folder.Read("hits.csv");
        Assert.Equal(expected.ReadToEnd(), actual);
        Assert.Equal(hitTokens, actual.Split('\n')[1..^1].Sum(row => long.Parse(row.Split(',')[1])));
    }

    public void Dispose() => _folder.Dispose();
}
