using System.Text;
using System.Text.Json;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>The tool against models written without it: on a real trace that names only full blocks, and on a small one.</summary>
public sealed class NaiveModelTests : IDisposable
{
    private const int BlockTokens = 16;
    private readonly ReplayFolder _folder = new();

    private sealed record Request(int InputLength, long[] Ids);

    [Theory]
    [InlineData("on")]
    [InlineData("off")]
    public void Without_eviction_every_known_prefix_is_found(string deduplicate)
    {
        string trace = ShareGpt();
        HashSet<string> known = [];
        List<int> expected = [];
        foreach (Request request in ReadTrace(trace))
        {
            string[] prefixes = [.. request.Ids.Select((_, i) => string.Join(',', request.Ids.Take(i + 1)))];
            expected.Add(prefixes.Take((request.InputLength - 1) / BlockTokens).TakeWhile(known.Contains).Count() * BlockTokens);
            known.UnionWith(prefixes);
        }

        Assert.Contains(expected, hit => hit > 0);
        Assert.Equal(expected, Hits(trace, capacity: 100_000, deduplicate));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(500)]
    [InlineData(2_500)]
    public void With_eviction_the_least_recently_freed_block_goes_first(int capacity) =>
        AssertEqualToModel(ShareGpt(), capacity);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(12)]
    [InlineData(30)]
    public void Random_traces_hit_what_the_model_hits(int capacity)
    {
        Random random = new(capacity);
        StringBuilder trace = new();
        for (int i = 0; i < 400; i++)
        {
            // Chains through a small tree of ids, so that prefixes are shared, evicted and met again in full.
            int full = random.Next(0, 9);
            int length = (full * BlockTokens) + (random.Next(3) > 0 ? random.Next(0, BlockTokens) : 0);
            IEnumerable<int> ids = Enumerable.Range(0, full).Select(depth => (depth * 10) + random.Next(depth < 2 ? 2 : 3));
            trace.Append(TraceText.Line(length, [.. ids]));
        }

        AssertEqualToModel(_folder.Write("random.jsonl", trace.ToString()), capacity);
    }

    public void Dispose() => _folder.Dispose();

    private static string ShareGpt() => SharedFiles.Find("traces/sharegpt/sharegpt-llama-3.1-8b-300-sps10.blocks16.jsonl");

    private static IEnumerable<Request> ReadTrace(string trace) => File.ReadLines(trace).Select(line =>
    {
        using JsonDocument json = JsonDocument.Parse(line);
        int length = json.RootElement.GetProperty("input_length").GetInt32();
        IEnumerable<long> ids = json.RootElement.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt64());
        return new Request(length, [.. ids.Take(length / BlockTokens)]);
    });

    private void AssertEqualToModel(string trace, int capacity)
    {
        NaivePrefixCache model = new(BlockTokens, capacity);
        IEnumerable<int> expected = ReadTrace(trace).Select(request => model.Replay(request.InputLength, request.Ids));
        Assert.Equal(expected, Hits(trace, capacity, deduplicate: "off"));
    }

    private IEnumerable<int> Hits(string trace, int capacity, string deduplicate)
    {
        (int exitCode, _, string error) = ReplayFolder.Run(
            "prefix", "--trace", trace, "--block-tokens", $"{BlockTokens}", "--capacity", $"{capacity}",
            "--deduplicate", deduplicate, "--requests-out", _folder.PathOf("hits.csv"));
        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        return [.. _folder.Read("hits.csv").Split('\n')[1..^1].Select(row => int.Parse(row.Split(',')[1]))];
    }
}
