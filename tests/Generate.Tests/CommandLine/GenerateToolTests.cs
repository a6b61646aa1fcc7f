using System.Runtime.InteropServices;
using Generate.Output;
using Xunit;

namespace Generate.Tests.CommandLine;

/// <summary>The tool's options, with the model that needs no file.</summary>
public sealed class GenerateToolTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public void Without_a_model_it_says_so_and_repeats_itself_from_run_to_run()
    {
        ToolResult first = ToolResult.Run("--prompt", "Hello", "--tokens", "20");
        Assert.Equal(0, first.ExitCode);
        Assert.StartsWith("Hello", first.Output);
        Assert.EndsWith("\n", first.Output);
        Assert.StartsWith("No --model: random weights (llama, 4 layers of width 128, ", first.Error);
        Assert.Equal(first.Output, ToolResult.Run("--prompt", "Hello", "--tokens", "20", "--block-tokens", "3", "--allocator", "paged").Output);
    }

    [Fact]
    public void The_text_is_the_same_whatever_the_manager()
    {
        string[] sampling = ["--prompt", "Hello", "--prompt", "Hello there", "--samples", "3", "--tokens", "40", "--temperature", "1.1", "--seed", "3"];
        Assert.Equal(ToolResult.Run([.. sampling, "--allocator", "paged"]).Output, ToolResult.Run([.. sampling, "--allocator", "virtual"]).Output);
    }

    [Fact]
    public void A_text_does_not_depend_on_the_texts_beside_it_and_standard_error_tells_of_the_work()
    {
        string[] sampling = ["--temperature", "1.5", "--top-p", "0.9", "--seed", "5", "--tokens", "30"];
        string alone = ToolResult.Run(["--prompt", "x", .. sampling]).Output;
        ToolResult together = ToolResult.Run(["--prompt", "y", "--prompt", "x", .. sampling, "--samples", "2", "--memory-mib", "0.125", "--kv", "f32"]);
        Assert.Contains($"=== prompt 2 of 2, sample 1 of 2 ===\n{alone}=== prompt 2", together.Output);
        Assert.Matches(@"steps\.\s+prefill: \d+ tokens .*\s+decode: \d+ tokens .*\s+\d+ tokens found in the cache, 2 forks, [1-9]\d* preemptions\.", together.Error);
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Keys_and_values_may_be_shorter(string elementType) =>
        Assert.Equal(0, ToolResult.Run("--kv", elementType, "--tokens", "5").ExitCode);

    [Fact]
    public void A_prompt_may_begin_with_an_at_sign() =>
        Assert.StartsWith("@home", ToolResult.Run("--prompt", "@home", "--tokens", "1").Output);

    [Theory]
    [InlineData("--tokens takes a whole number from 1 to 2147483647, not '0'.", "--tokens", "0")]
    [InlineData("--samples takes a whole number from 1 to 65536, not 'two'.", "--samples", "two")]
    [InlineData("--samples takes a whole number from 1 to 65536, not '65537'.", "--samples", "65537")]
    [InlineData("--model takes the name of a file, not ''.", "--model", "")]
    [InlineData("--feed and --prompt do not go together: what is fed is not continued.", "--feed", "x", "--logits", "y", "--prompt", "z")]
    [InlineData("--feed takes the name of a file, not ''.", "--feed", "", "--logits", "x")]
    [InlineData("--logits takes the name of a file, not ''.", "--feed", "x", "--logits", "")]
    [InlineData("--temperature takes a number of at least 0, not '-1'.", "--temperature=-1")]
    [InlineData("--top-p takes a number above 0 and up to 1, not '1.1'.", "--top-p", "1.1")]
    [InlineData("--seed takes a whole number from 0 to 18446744073709551615, not '-3'.", "--seed=-3")]
    [InlineData("--memory-mib takes a number above 0, not 'NaN'.", "--memory-mib", "NaN")]
    [InlineData("--threads takes a whole number from 1 to 1024, not '2000'.", "--threads", "2000")]
    [InlineData("--device takes cpu, cpu-accelerator, cuda or cuda:N, not 'gpu'.", "--device", "gpu")]
    [InlineData("--allocator takes paged or virtual or layerwise, not 'slab'.", "--allocator", "slab")]
    [InlineData("--kv takes f32 or f16 or bf16, not 'int8'.", "--kv", "int8")]
    [InlineData("Unrecognized command or argument 'poem'.", "poem")]
    public void An_option_that_does_not_fit_is_refused_in_one_line(string message, params string[] args) =>
        AssertRefused($"generate: {message} Try --help.", args);

    [Fact]
    public void Too_little_memory_is_refused()
    {
        AssertRefused("generate: The cache's 1048 bytes hold no block of 16 tokens; expected at least 32768 bytes.", "--memory-mib", "0.001");
        AssertRefused(
            "generate: Prompt 1 has 4 tokens and with those to generate up to 259 positions; the cache has room for 32. " +
            "Give more memory, or ask for fewer tokens.",
            "--prompt", "abc", "--memory-mib", "0.0625");
        Assert.Contains("up to 2147483650 positions", AssertRefused(null, "--prompt", "abc", "--tokens", "2147483647"));
    }

    [Fact]
    public void A_file_that_is_no_model_is_refused()
    {
        string path = Path.Combine(_folder, "model.gguf");
        Assert.Contains(path, AssertRefused(null, "--model", path));
        File.WriteAllText(path, "no model at all");
        Assert.Contains(path, AssertRefused(null, "--model", path));
    }

    [Fact]
    public void Feeding_in_chunks_gives_the_logits_of_feeding_one_by_one()
    {
        string ids = Write("ids", "256, 72\t101 108\r\n108 111,33");
        string one = Path.Combine(_folder, "one");
        string three = Path.Combine(_folder, "three");
        Assert.Equal(0, ToolResult.Run("--feed", ids, "--logits", one).ExitCode);
        Assert.Equal(0, ToolResult.Run("--feed", ids, "--logits", three, "--feed-chunk", "3").ExitCode);
        Assert.Equal(7 * 258 * sizeof(float), new FileInfo(one).Length);
        float[] expected = [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(one))];
        float[] found = [.. MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(three))];
        Assert.All(expected.Zip(found), static pair => Assert.Equal(pair.First, pair.Second, tolerance: 1e-4f));
        Assert.Equal(expected.Chunk(258).Select(IndexOfMax), found.Chunk(258).Select(IndexOfMax));
    }

    [Theory]
    [InlineData("1 2 258", "entry 3 is '258'; expected a token id from 0 to 257.")]
    [InlineData("1,-2", "entry 2 is '-2'; expected a token id from 0 to 257.")]
    [InlineData("one", "entry 1 is 'one'; expected a token id from 0 to 257.")]
    [InlineData(" \n", "expected token ids, found none.")]
    public void Tokens_outside_the_vocabulary_are_refused(string text, string message)
    {
        string ids = Write("ids", text);
        AssertRefused($"generate: {ids}: {message}", "--feed", ids, "--logits", Path.Combine(_folder, "logits"));
    }

    [Fact]
    public void Every_feed_has_a_file_for_its_logits()
    {
        AssertRefused("generate: --feed is given 1 times and --logits 0 times; expected one --logits for each --feed.", "--feed", "x");
        AssertRefused("generate: --feed is given 0 times and --logits 1 times; expected one --logits for each --feed.", "--logits", "x");
    }

    [Fact]
    public void Feeding_more_than_fits_is_refused()
    {
        string ids = Write("ids", string.Join(' ', Enumerable.Repeat(1, 40)));
        string logits = Path.Combine(_folder, "logits");
        Assert.Contains("has room for 32 positions", AssertRefused(null, "--feed", ids, "--logits", logits, "--memory-mib", "0.0625"));
        Assert.Equal(0, new FileInfo(logits).Length);
    }

    [Fact]
    public void Nothing_that_is_read_is_written_over()
    {
        string ids = Write("ids", "1 2 3");
        string model = Write("model", "a model");
        string link = File.CreateSymbolicLink(Path.Combine(_folder, "link"), ids).FullName;
        string[] inputs = ["--feed", ids, "--logits"];
        AssertRefused($"generate: --logits names '{ids}', which is read; expected another file, for it is overwritten.", [.. inputs, ids]);
        AssertRefused($"generate: --logits names '{link}', which is read; expected another file, for it is overwritten.", [.. inputs, link]);
        Assert.Throws<GenerateException>(() => new FeedFiles([ids], [model], model));
        string other = Path.Combine(_folder, "other");
        AssertRefused($"generate: --logits names '{other}' twice; expected a file for each --feed.", [.. inputs, other, .. inputs, other]);
        Assert.Equal("1 2 3", File.ReadAllText(ids));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static int IndexOfMax(float[] logits) => Array.IndexOf(logits, logits.Max());

    private static string AssertRefused(string? message, params string[] args)
    {
        ToolResult result = ToolResult.Run(args);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        string last = result.Error.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("generate: ", last);
        Assert.Equal(message ?? last, last);
        return last;
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
