using Generate.Model;
using Generate.Tokenizers;
using Xunit;

namespace Generate.Tests.Golden;

/// <summary>What the tool prints with the stories model.</summary>
public sealed class TextTests
{
    [Fact]
    public void The_greedy_text_is_that_of_the_reference() =>
        Assert.Equal(File.ReadAllText(StoriesReference.TextPath), Run("--tokens", "256").Output);

    [Theory]
    [InlineData("--block-tokens", "1")]
    [InlineData("--block-tokens", "32")]
    [InlineData("--memory-mib", "0.35")]
    [InlineData("--threads", "1")]
    [InlineData("--allocator", "layerwise")]
    [InlineData("--allocator", "layerwise", "--memory-mib", "0.14", "--host-memory-mib", "0.4")]
    public void The_greedy_text_does_not_depend_on_the_cache(params string[] options) =>
        Assert.Equal(File.ReadAllText(StoriesReference.TextPath), Run(["--tokens", "256", .. options]).Output);

    [Fact]
    public void A_prompt_is_continued_as_by_the_reference_and_ends_where_a_new_text_would_begin()
    {
        StoriesReference reference = StoriesReference.Read();
        int[] tokens = reference.Tokens[2];
        int end = Array.IndexOf(tokens, 1, startIndex: 1);
        Assert.InRange(end, 10, tokens.Length);
        string prompt = Decode(tokens.AsSpan(0, 8));
        Assert.Equal("The little bird was sa", prompt);
        Assert.Equal(Decode(tokens.AsSpan(0, end)) + "\n", Run("--prompt", prompt, "--tokens", "250").Output);
    }

    [Fact]
    public void Several_texts_are_labelled_and_in_order_and_no_other_than_alone()
    {
        string[] prompts = ["Lily and Tom w", "The little bird was sa", "Once upon a time, there was a dragon"];
        string[] alone = [.. prompts.Select(prompt => Run("--prompt", prompt, "--tokens", "120").Output)];
        ToolResult together = Run(
            ["--tokens", "120", "--samples", "2", "--memory-mib", "0.3", .. prompts.SelectMany(prompt => new[] { "--prompt", prompt })]);
        Assert.Matches("[1-9][0-9]* preemptions", together.Error);
        IEnumerable<string> expected =
            from prompt in Enumerable.Range(0, 3)
            from sample in Enumerable.Range(0, 2)
            select $"=== prompt {prompt + 1} of 3, sample {sample + 1} of 2 ===\n{alone[prompt]}";
        Assert.Equal(string.Concat(expected), together.Output);
    }

    [Fact]
    public void A_prompt_that_begins_like_an_earlier_one_finds_its_blocks()
    {
        const string Beginning = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park.";
        ToolResult result = Run("--prompt", Beginning, "--prompt", Beginning + " One day, she", "--tokens", "10");
        Assert.Matches("[1-9][0-9]* tokens found in the cache", result.Error);
    }

    private static ToolResult Run(params string[] args)
    {
        ToolResult result = ToolResult.Run(["--model", StoriesReference.ModelPath, .. args]);
        Assert.Equal(0, result.ExitCode);
        return result;
    }

    private static string Decode(ReadOnlySpan<int> tokens)
    {
        using LoadedModel model = LoadedModel.Open(StoriesReference.ModelPath);
        TokenDecoder decoder = model.Tokenizer.CreateDecoder();
        string text = "";
        foreach (int token in tokens)
        {
            text += decoder.Next(token);
        }

        return text + decoder.Finish();
    }
}
