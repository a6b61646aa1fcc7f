using System.Text;
using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>A trace that is none ends with exit code 2, one line that says where and why, and no output files.</summary>
public sealed class MalformedTraceTests : IDisposable
{
    private const string Good = """{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": [1, 2]}""" + "\n";
    private readonly ReplayFolder _folder = new();

    [Theory]
    [InlineData("", 1, "at least one request")]
    [InlineData("\n  \n\r\n", 4, "at least one request")]
    [InlineData(Good + """{"timestamp": 0, "inp""", 2, "one JSON object")]
    [InlineData(Good + "{", 2, "one JSON object")]
    [InlineData(Good + "\n[1, 2]", 3, "one JSON object")]
    [InlineData("null", 1, "one JSON object")]
    [InlineData("timestamp,input_length", 1, "one JSON object")]
    [InlineData("{} {}", 1, "one JSON object")]
    [InlineData("{}", 1, "timestamp")]
    [InlineData("""{"input_length": 3, "output_length": 1, "hash_ids": [1, 2]}""", 1, "found no timestamp")]
    [InlineData("""{"timestamp": 0, "output_length": 1, "hash_ids": [1, 2]}""", 1, "found no input_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "hash_ids": [1, 2]}""", 1, "found no output_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1}""", 1, "found no hash_ids")]
    [InlineData("""{"timestamp": "0", "input_length": 3, "output_length": 1, "hash_ids": [1, 2]}""", 1, "timestamp")]
    [InlineData("""{"timestamp": 1e999, "input_length": 3, "output_length": 1, "hash_ids": [1, 2]}""", 1, "timestamp")]
    [InlineData("""{"timestamp": 0, "input_length": -3, "output_length": 1, "hash_ids": [1, 2]}""", 1, "input_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3.5, "output_length": 1, "hash_ids": [1, 2]}""", 1, "input_length")]
    [InlineData("""{"timestamp": 0, "input_length": "3", "output_length": 1, "hash_ids": [1, 2]}""", 1, "input_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": -1, "hash_ids": [1, 2]}""", 1, "output_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 2147483648, "hash_ids": [1, 2]}""", 1, "output_length")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": 1}""", 1, "hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": null}""", 1, "hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": ["1", 2]}""", 1, "hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": [[1]]}""", 1, "hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "output_length": 1, "hash_ids": [18446744073709551616, 2]}""", 1, "hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [1]}""", 1, "2 or 3 hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 4, "output_length": 1, "hash_ids": [1, 2, 3]}""", 1, "2 hash_ids")]
    [InlineData("""{"timestamp": 0, "input_length": 3, "input_length": 3, "output_length": 1, "hash_ids": [1, 2]}""", 1, "input_length once")]
    public void A_malformed_line_is_named(string text, int line, string expected) =>
        AssertRefused(_folder.Write("trace.jsonl", text), line, expected);

    [Fact]
    public void Bytes_that_are_no_text_are_named() => AssertRefused(
        _folder.Write("trace.jsonl", [.. Encoding.UTF8.GetBytes(Good), 0xFF, 0xFE, 0x00, 0xC3, 0x28]), 2, "UTF-8");

    [Fact]
    public void A_missing_file_is_named() => AssertRefused(_folder.PathOf("none.jsonl"), 1, "a trace file");

    [Fact]
    public void A_folder_is_no_trace() => AssertRefused(Path.GetDirectoryName(_folder.PathOf("x"))!, 1, "a trace file");

    public void Dispose() => _folder.Dispose();

    private void AssertRefused(string trace, int line, string expected)
    {
        string[] before = [.. _folder.FileNames];

        (int exitCode, string output, string error) = ReplayFolder.Run(
            "prefix", "--trace", trace, "--block-tokens", "2", "--capacity", "10",
            "--requests-out", _folder.PathOf("hits.csv"), "--json", _folder.PathOf("summary.json"));

        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.StartsWith($"replay: {trace}:{line}: expected ", error);
        Assert.Contains(expected, error);
        Assert.EndsWith(Environment.NewLine, error);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Equal(before, _folder.FileNames);
    }
}
