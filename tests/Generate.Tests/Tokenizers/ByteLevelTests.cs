using Generate.Tokenizers;
using Xunit;

namespace Generate.Tests.Tokenizers;

/// <summary>Pairs of bytes by rank, against a plain implementation.</summary>
public sealed class ByteLevelTests
{
    private const int Texts = 200;

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("default")]
    [InlineData("qwen2")]
    public void Texts_are_encoded_as_by_a_plain_implementation_and_read_back(string preTokenizer)
    {
        for (int seed = 0; seed < Texts; seed++)
        {
            Vocabulary vocabulary = Vocabularies.ByteLevel(preTokenizer, seed % 10);
            TextTokenizer tokenizer = TextTokenizer.Create(vocabulary);
            string text = RandomTexts.Create(new Random(seed));
            int[] expected = [.. WordSplitter.Create(preTokenizer).Split(text).SelectMany(word => ReferencePairs.EncodeByRank(vocabulary, word))];
            int[] tokens = tokenizer.Encode(text);
            Assert.True(expected.SequenceEqual(tokens), $"Seed {seed}: '{text}' is {string.Join(' ', tokens)}; expected {string.Join(' ', expected)}.");
            Assert.Equal(text, Read(tokenizer, tokens));
        }
    }

    [Fact]
    public void Llama_3_keeps_a_word_that_is_a_token_though_no_merges_lead_to_it()
    {
        Vocabulary vocabulary = Vocabularies.ByteLevel("llama-bpe");
        int token = vocabulary.Tokens.Count;
        Vocabulary withWord = vocabulary with
        {
            Tokens = [.. vocabulary.Tokens, "Ġxyz"],
            Kinds = [.. vocabulary.Kinds, TokenKind.Normal],
        };
        Assert.Equal([.. "xyz"u8.ToArray().Select(static value => (int)value), token], TextTokenizer.Create(withWord).Encode("xyz xyz"));
        Assert.Equal(7, TextTokenizer.Create(withWord with { PreTokenizer = "qwen2" }).Encode("xyz xyz").Length);
    }

    [Fact]
    public void Special_tokens_are_found_by_their_names_and_only_users_ones_are_read_back()
    {
        Vocabulary vocabulary = Vocabularies.ByteLevel("qwen2");
        TextTokenizer tokenizer = TextTokenizer.Create(vocabulary);
        int end = vocabulary.Tokens.Count - 2;
        int[] tokens = tokenizer.Encode("x<|end|><tool>y<|end");
        Assert.Equal(['x', end, end + 1, 'y', '<', '|', 'e', 'n', 'd'], tokens);
        Assert.Equal("x<tool>y<|end", Read(tokenizer, tokens));
    }

    [Fact]
    public void Of_special_tokens_at_one_place_the_longest_is_found()
    {
        Vocabulary vocabulary = Vocabularies.ByteLevel("qwen2");
        Vocabulary longer = vocabulary with
        {
            Tokens = [.. vocabulary.Tokens, "<|end|><tool>"],
            Kinds = [.. vocabulary.Kinds, TokenKind.Control],
        };
        Assert.Equal([vocabulary.Tokens.Count, vocabulary.Tokens.Count - 1], TextTokenizer.Create(longer).Encode("<|end|><tool><tool>"));
    }

    [Fact]
    public void A_character_comes_out_when_its_last_byte_comes_in()
    {
        TokenDecoder decoder = TextTokenizer.Create(Vocabularies.ByteLevel("qwen2")).CreateDecoder();
        Assert.Equal(["", "", "", "😀", "a"], new[] { 0xF0, 0x9F, 0x98, 0x80, 'a' }.Select(decoder.Next));
        Assert.Equal(["", ""], new[] { 0xF0, 0x9F }.Select(decoder.Next));
        Assert.Equal("\uFFFD", decoder.Finish());
    }

    [Fact]
    public void What_cannot_be_tokenized_is_refused_by_name()
    {
        Vocabulary sound = Vocabularies.ByteLevel("qwen2");
        Dictionary<string, Vocabulary> refused = new()
        {
            ["Pre-tokenizer 'tekken' is not supported; supported are llama-bpe, qwen2, gpt-2 and default."] = sound with { PreTokenizer = "tekken" },
            ["Tokenizer 't5' is not supported; supported are llama and gpt2."] = sound with { Model = "t5" },
            ["Merge 'a Q' does not join two tokens, with a space between them, to a third."] = sound with { Merges = ["a Q"] },
            ["Merge 'ab' does not join two tokens, with a space between them, to a third."] = sound with { Merges = ["ab"] },
            ["The vocabulary has no token 'B' for the byte 0x42; expected one for each byte."] =
                sound with { Tokens = [.. sound.Tokens.Select(static token => token == "B" ? "BB" : token)] },
            ["The vocabulary has 1 token types; expected one for each of its 318 tokens."] = sound with { Kinds = [TokenKind.Normal] },
        };
        Assert.All(refused, pair => Assert.Equal(
            pair.Key, Assert.Throws<GenerateException>(() => TextTokenizer.Create(pair.Value)).Message));
    }

    [Fact]
    public void An_empty_prompt_begins_with_the_beginning_of_text_or_is_refused()
    {
        Vocabulary vocabulary = Vocabularies.ByteLevel("qwen2");
        Assert.Contains("--prompt", Assert.Throws<GenerateException>(() => TextTokenizer.Create(vocabulary).Encode("")).Message);
        Assert.Equal([7], TextTokenizer.Create(vocabulary with { BeginningOfText = 7 }).Encode(""));
        Assert.Equal(['x'], TextTokenizer.Create(vocabulary with { BeginningOfText = 7 }).Encode("x"));
    }

    private static string Read(TextTokenizer tokenizer, int[] tokens)
    {
        TokenDecoder decoder = tokenizer.CreateDecoder();
        return string.Concat(tokens.Select(decoder.Next)) + decoder.Finish();
    }
}
