using System.Text.Json;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>Forms that traces come in, and what is written about them.</summary>
public sealed class AcceptedTraceTests : IDisposable
{
    private readonly ReplayFolder _folder = new();

    [Fact]
    public void Byte_order_mark_carriage_returns_blank_lines_and_other_keys_are_passed_over()
    {
        string trace = _folder.Write(
            "trace.jsonl",
            "\uFEFF{\"timestamp_ms\": 0.5, \"input_length\": 5, \"output_length\": 0, \"hash_ids\": [-9, 18446744073709551615], \"x\": {\"timestamp\": []}}\r\n" +
            "\r\n" +
            "{\"hash_ids\": [-9, 18446744073709551615, 4], \"output_length\": 0, \"input_length\": 5, \"timestamp\": 7}");

        Assert.Equal("request_index,hit_tokens\n0,0\n1,4\n", Hits(trace, "--block-tokens", "2"));
    }

    [Fact]
    public void Tokens_without_an_id_belong_to_one_request()
    {
        string trace = _folder.Write("trace.jsonl", TraceText.Line(15, 1) + TraceText.Line(15, 1) + TraceText.Line(15, 1, 2) + TraceText.Line(15, 1, 2));

        Assert.Equal("request_index,hit_tokens\n0,0\n1,8\n2,8\n3,14\n", Hits(trace, "--block-tokens", "2", "--trace-block-tokens", "8"));
    }

    [Fact]
    public void The_summary_is_written_as_JSON()
    {
        string trace = _folder.Write("trace.jsonl", TraceText.Line(4, 1, 2) + TraceText.Line(4, 1, 2) + TraceText.Line(30, [.. Enumerable.Range(0, 15)]));

        Hits(trace, "--block-tokens", "2", "--json", _folder.PathOf("summary.json"));

        string text = _folder.Read("summary.json");
        Assert.DoesNotContain('\r', text);
        JsonElement summary = JsonDocument.Parse(text).RootElement;
        Assert.Equal(3, summary.GetProperty("requests").GetInt64());
        Assert.Equal(1, summary.GetProperty("refused").GetInt64());
        Assert.Equal(38, summary.GetProperty("inputTokens").GetInt64());
        Assert.Equal(2, summary.GetProperty("hitTokens").GetInt64());
        Assert.Equal(2.0 / 38, summary.GetProperty("hitRate").GetDouble());
        Assert.Equal(0, summary.GetProperty("evictions").GetInt64());
        Assert.Equal(1, summary.GetProperty("deduplications").GetInt64());
        Assert.Equal(15, summary.GetProperty("distinctBlocks").GetInt32());
        Assert.Equal("lru", summary.GetProperty("policy").GetString());
        Assert.True(summary.GetProperty("deduplicate").GetBoolean());
        Assert.True(summary.GetProperty("managerMilliseconds").GetDouble() > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_run_finds_the_same_and_its_time_is_listed(int runs)
    {
        string trace = _folder.Write("trace.jsonl", TraceText.Line(4, 1, 2) + TraceText.Line(4, 1, 2));

        string hits = Hits(trace, "--block-tokens", "2", "--runs", $"{runs}", "--json", _folder.PathOf("summary.json"));

        JsonElement summary = JsonDocument.Parse(_folder.Read("summary.json")).RootElement;
        double[] times = [.. summary.GetProperty("managerMillisecondsOfRuns").EnumerateArray().Select(time => time.GetDouble()).Order()];
        Assert.Equal("request_index,hit_tokens\n0,0\n1,2\n", hits);
        Assert.Equal(runs, times.Length);
        Assert.Equal((times[(runs - 1) / 2] + times[runs / 2]) / 2, summary.GetProperty("managerMilliseconds").GetDouble());
    }

    [Fact]
    public void Evictions_are_counted()
    {
        string trace = _folder.Write("trace.jsonl", string.Concat(Enumerable.Range(0, 4).Select(i => TraceText.Line(20, [.. Enumerable.Range(i * 10, 10)]))));

        Hits(trace, "--block-tokens", "2", "--json", _folder.PathOf("summary.json"));

        JsonElement summary = JsonDocument.Parse(_folder.Read("summary.json")).RootElement;
        Assert.Equal(30, summary.GetProperty("evictions").GetInt64());
    }

    [Fact]
    public void Lines_longer_than_the_first_buffer_are_read()
    {
        int[] ids = [.. Enumerable.Range(0, 100_000)];
        string trace = _folder.Write("trace.jsonl", TraceText.Line(1, 5) + TraceText.Line(100_000, ids) + TraceText.Line(1, 5));

        Assert.Equal(4, Hits(trace, "--block-tokens", "1").Split('\n')[..^1].Length);
    }

    public void Dispose() => _folder.Dispose();

    private string Hits(string trace, params string[] options)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(
            ["prefix", "--trace", trace, "--capacity", "10", "--requests-out", _folder.PathOf("hits.csv"), .. options]);
        Assert.Equal("", error);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain('\u001b', output);
        return _folder.Read("hits.csv");
    }
}
