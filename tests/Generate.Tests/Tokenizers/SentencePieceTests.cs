using System.Text;
using Generate.Gguf;
using Generate.Tests.Golden;
using Generate.Tokenizers;
using Microsoft.ML.Tokenizers;
using Xunit;

namespace Generate.Tests.Tokenizers;

/// <summary>Pairs by score, against a plain implementation.</summary>
public sealed class SentencePieceTests
{
    private const int Texts = 300;

    [Fact]
    public void Texts_are_encoded_as_by_a_plain_implementation_and_read_back()
    {
        for (int seed = 0; seed < Texts; seed++)
        {
            Vocabulary vocabulary = Vocabularies.SentencePiece(seed);
            AssertEncodes(vocabulary, RandomTexts.Create(new Random(seed)), $"seed {seed}");
        }
    }

    [Fact]
    public void So_are_texts_in_the_vocabulary_of_the_stories_model()
    {
        Vocabulary vocabulary = ReadStories();
        for (int seed = 0; seed < Texts; seed++)
        {
            AssertEncodes(vocabulary, RandomTexts.Create(new Random(seed)), $"seed {seed}");
        }

        string stories = File.ReadAllText(StoriesReference.TextPath);
        AssertEncodes(vocabulary, stories, "the stories");
    }

    [Fact]
    public void Prompts_of_the_reference_have_its_tokens()
    {
        TextTokenizer tokenizer = TextTokenizer.Create(ReadStories());
        Assert.Equal([1, 317, 269, 274, 287, 263], tokenizer.Encode("Lily and Tom w"));
        Assert.Equal([1, 291, 376, 268, 315, 418, 286, 296], tokenizer.Encode("The little bird was sa"));
        Assert.Equal([1], tokenizer.Encode(""));
    }

    [Theory]
    [InlineData("aaa", new[] { 260, 259, 261 })]
    [InlineData("aaaaa", new[] { 260, 259, 259, 261 })]
    public void Of_equal_pairs_the_leftmost_is_merged(string text, int[] expected)
    {
        Vocabulary vocabulary = Vocabularies.SentencePiece(("aa", -1), ("▁", -2), ("a", -3));
        Assert.Equal([1, .. expected], TextTokenizer.Create(vocabulary).Encode(text));
    }

    /// <summary>When this fails, the library has been mended, and the mirror in SentencePieceModel can go.</summary>
    [Fact]
    public void The_library_alone_would_merge_the_rightmost()
    {
        Vocabulary palindromes = Vocabularies.SentencePiece(("aa", -1), ("▁", -2), ("a", -3));
        SentencePieceTokenizer library = SentencePieceModel.CreateMirrored(palindromes, byteFallback: true);
        Assert.Equal([261, 259], library.EncodeToIds("aaa", addBeginningOfSentence: false, addEndOfSentence: false));
    }

    [Fact]
    public void Without_byte_tokens_characters_outside_the_vocabulary_are_unknown()
    {
        Vocabulary vocabulary = new()
        {
            Model = "llama",
            Tokens = ["<s>", "<unk>", "▁", "a"],
            Kinds = [TokenKind.Control, TokenKind.Unknown, TokenKind.Normal, TokenKind.Normal],
            Scores = [0, 0, -1, -2],
            Unknown = 1,
        };
        Assert.Equal([2, 3, 1, 3], TextTokenizer.Create(vocabulary).Encode("aéa"));
    }

    [Fact]
    public void A_space_is_put_before_the_text_only_where_the_vocabulary_says_so()
    {
        Vocabulary vocabulary = Vocabularies.SentencePiece(("▁", -1), ("a", -2), ("▁a", -3));
        Assert.Equal([1, 261], TextTokenizer.Create(vocabulary).Encode("a"));
        Vocabulary without = vocabulary with { AddSpacePrefix = false };
        Assert.Equal([1, 260], TextTokenizer.Create(without).Encode("a"));
        Assert.Equal(" a", Decode(TextTokenizer.Create(without), [1, 261]));
        Assert.Equal("a", Decode(TextTokenizer.Create(vocabulary), [1, 261]));
    }

    [Fact]
    public void The_space_before_a_text_is_put_after_each_special_token_too_and_taken_away_again()
    {
        TextTokenizer tokenizer = TextTokenizer.Create(Vocabularies.SentencePiece(("▁", -1), ("a", -2), ("▁a", -3)));
        Assert.Equal([1, 261, 260, 2, 261, 259, 261], tokenizer.Encode("aa</s>a  a"));
        Assert.Equal("aaa  a", Decode(tokenizer, [1, 261, 260, 2, 261, 259, 261]));
    }

    [Theory]
    [InlineData(20, "Tokens 19 and 20 are both")]
    [InlineData(259, "Token 259 is a byte token")]
    [InlineData(258, "Token 258 is not the byte token '<0xFF>'")]
    public void A_vocabulary_that_contradicts_itself_is_refused(int token, string message)
    {
        Vocabulary sound = Vocabularies.SentencePiece(("▁", -1), ("a", -2));
        string[] tokens = [.. sound.Tokens];
        TokenKind[] kinds = [.. sound.Kinds];
        tokens[token] = token == 20 ? tokens[19] : "<0x100>";
        kinds[token] = TokenKind.Byte;
        GenerateException exception = Assert.Throws<GenerateException>(
            () => TextTokenizer.Create(sound with { Tokens = tokens, Kinds = kinds }));
        Assert.StartsWith(message, exception.Message);
    }

    [Fact]
    public void A_vocabulary_with_too_few_scores_is_refused() => Assert.Contains(
        "3 scores",
        Assert.Throws<GenerateException>(() => TextTokenizer.Create(Vocabularies.SentencePiece(("a", -2)) with { Scores = [1, 2, 3] })).Message);

    private static void AssertEncodes(Vocabulary vocabulary, string text, string what)
    {
        // ▁ is how a space is written, and comes back as one; special tokens are not text.
        string plain = text.Replace("<s>", "", StringComparison.Ordinal);
        TextTokenizer tokenizer = TextTokenizer.Create(vocabulary);
        int[] tokens = tokenizer.Encode(plain);
        int[] expected = plain.Length == 0 ? [1] : [1, .. ReferencePairs.EncodeByScore(vocabulary, plain)];
        Assert.True(expected.SequenceEqual(tokens), $"{what}: '{plain}' is {string.Join(' ', tokens)}; expected {string.Join(' ', expected)}.");
        Assert.Equal(plain.Replace('▁', ' '), Decode(tokenizer, tokens));
    }

    private static string Decode(TextTokenizer tokenizer, int[] tokens)
    {
        StringBuilder text = new();
        TokenDecoder decoder = tokenizer.CreateDecoder();
        foreach (int token in tokens)
        {
            text.Append(decoder.Next(token));
        }

        return text.Append(decoder.Finish()).ToString();
    }

    private static Vocabulary ReadStories()
    {
        using GgufFile file = GgufFile.Open(StoriesReference.ModelPath);
        return VocabularyReader.Read(file.Metadata);
    }
}
