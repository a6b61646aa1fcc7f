using Xunit;

namespace KvCache.Serving.Tests.Replay;

/// <summary>What the command line refuses, each in one line, and its help.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly ReplayFolder _folder = new();

    [Theory]
    [InlineData("--capacity", "0")]
    [InlineData("--capacity", "-5")]
    [InlineData("--capacity", "many")]
    [InlineData("--capacity", "2147483648")]
    [InlineData("--block-tokens", "0")]
    [InlineData("--trace-block-tokens", "1.5")]
    [InlineData("--policy", "oldest")]
    [InlineData("--deduplicate", "maybe")]
    [InlineData("--json", "")]
    [InlineData("--requests-out", "/none/of/these/hits.csv")]
    [InlineData("--unknown", "1")]
    public void A_bad_option_is_named(string option, string value)
    {
        Dictionary<string, string> options = new()
        {
            ["--trace"] = _folder.Write("trace.jsonl", TraceText.Line(2, 1)),
            ["--block-tokens"] = "2",
            ["--capacity"] = "10",
            [option] = value,
        };

        AssertRefused(value.Length > 0 && option != "--unknown" ? value : "", ["prefix", .. options.SelectMany(pair => new[] { pair.Key, pair.Value })]);
    }

    [Fact]
    public void A_missing_option_is_named() => AssertRefused("--capacity", "prefix", "--trace", "x", "--block-tokens", "2");

    [Fact]
    public void An_output_file_never_replaces_the_trace()
    {
        string trace = _folder.Write("trace.jsonl", TraceText.Line(2, 1));
        AssertRefused("different files", "prefix", "--trace", trace, "--block-tokens", "2", "--capacity", "1", "--json", trace);
        Assert.Equal(TraceText.Line(2, 1), _folder.Read("trace.jsonl"));
    }

    [Fact]
    public void A_pool_without_addresses_is_refused() => AssertRefused(
        "addressed",
        "prefix", "--trace", _folder.Write("trace.jsonl", TraceText.Line(1, 1)), "--block-tokens", "2147483647", "--capacity", "2147483647");

    [Theory]
    [InlineData("--help", "prefix")]
    [InlineData("prefix --help", "--trace-block-tokens")]
    public void Help_names_what_there_is(string args, string expected)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(args.Split(' '));
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(expected, output);
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertRefused(string expected, params string[] args)
    {
        (int exitCode, string output, string error) = ReplayFolder.Run(args);
        Assert.Equal(2, exitCode);
        Assert.Equal("", output);
        Assert.Contains(expected, error);
        Assert.Single(error.TrimEnd().Split('\n'));
    }
}
