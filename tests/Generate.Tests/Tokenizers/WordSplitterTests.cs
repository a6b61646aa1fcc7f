using Generate.Tokenizers;
using Xunit;

namespace Generate.Tests.Tokenizers;

/// <summary>Words, as the tokenizers that the splitters are named after find them.</summary>
public sealed class WordSplitterTests
{
    [Theory]
    [InlineData("gpt-2", "Hello  World's 12345 x!?\n\n y ", "Hello| | World|'s| 12345| x|!?|\n\n| y| ")]
    [InlineData("llama-bpe", "Hello  World'S 12345 x!?\n\n y ", "Hello| | World|'S| |123|45| x|!?\n\n| y| ")]
    [InlineData("qwen2", "Hello  World'S 12345 x!?\n\n y ", "Hello| | World|'S| |1|2|3|4|5| x|!?\n\n| y| ")]
    [InlineData("default", "Hello  World's 12345 x!?", "Hello| | World|'|s| |123|45| x|!?")]
    [InlineData("qwen2", "a\tb \n c 漢字 émile", "a|\tb| \n| c| 漢字| émile")]
    [InlineData("llama-bpe", "", "")]
    public void A_text_is_split(string splitter, string text, string words) =>
        Assert.Equal(words.Split('|', StringSplitOptions.RemoveEmptyEntries), WordSplitter.Create(splitter).Split(text).Where(static word => word.Length > 0));

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("default")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    public void No_character_is_lost(string splitter)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            string text = RandomTexts.Create(new Random(seed));
            Assert.Equal(text, string.Concat(WordSplitter.Create(splitter).Split(text)));
        }
    }
}
