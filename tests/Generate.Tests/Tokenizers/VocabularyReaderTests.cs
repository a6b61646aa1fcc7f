using Generate.Gguf;
using Generate.Tests.Gguf;
using Generate.Tokenizers;
using Xunit;

namespace Generate.Tests.Tokenizers;

/// <summary>Vocabularies as files hold them.</summary>
public sealed class VocabularyReaderTests
{
    private const string Prefix = "tokenizer.ggml.";

    [Fact]
    public void What_a_file_does_not_say_is_as_the_models_of_its_kind_have_it()
    {
        Vocabulary llama = Read(SentencePiece());
        Assert.Equal((1, 2, null, 0), (llama.BeginningOfText, llama.EndOfText, llama.EndOfTurn, llama.Unknown));
        Assert.True(llama.AddBeginningOfText);
        Assert.True(llama.AddSpacePrefix);

        Vocabulary gpt2 = Read(ByteLevel());
        Assert.Equal((null, null), (gpt2.BeginningOfText, gpt2.EndOfText));
        Assert.False(gpt2.AddBeginningOfText);
        Assert.Equal("default", gpt2.PreTokenizer);
        Assert.All(gpt2.Kinds, static kind => Assert.Equal(TokenKind.Normal, kind));
        Assert.True(Read(ByteLevel().With(Prefix + "pre", GgufValueType.String, "llama-bpe")).AddBeginningOfText);
    }

    [Fact]
    public void What_a_file_says_is_taken()
    {
        Vocabulary vocabulary = Read(SentencePiece()
            .With(Prefix + "bos_token_id", GgufValueType.UInt32, 2u)
            .With(Prefix + "eos_token_id", GgufValueType.UInt32, 1u)
            .With(Prefix + "eot_token_id", GgufValueType.Int32, 0)
            .With(Prefix + "unknown_token_id", GgufValueType.UInt32, uint.MaxValue)
            .With(Prefix + "add_bos_token", GgufValueType.Boolean, false)
            .With(Prefix + "add_space_prefix", GgufValueType.Boolean, false));
        Assert.Equal((2, 1, 0, 0), (vocabulary.BeginningOfText, vocabulary.EndOfText, vocabulary.EndOfTurn, vocabulary.Unknown));
        Assert.False(vocabulary.AddBeginningOfText);
        Assert.False(vocabulary.AddSpacePrefix);
        Assert.Equal([0f, -1f, -2f], vocabulary.Scores);
        Assert.Equal([TokenKind.Unknown, TokenKind.Control, TokenKind.Normal], vocabulary.Kinds);
    }

    [Fact]
    public void A_token_outside_the_vocabulary_or_of_no_known_type_is_refused()
    {
        Assert.Equal(
            "'tokenizer.ggml.eos_token_id' is 3; expected one of the vocabulary's 3 tokens.",
            Assert.Throws<GenerateException>(() => Read(SentencePiece().With(Prefix + "eos_token_id", GgufValueType.UInt32, 3u))).Message);
        Assert.Equal(
            "Token 1 has type 9; expected 1 … 6.",
            Assert.Throws<GenerateException>(() => Read(SentencePiece(kinds: [1, 9, 1]))).Message);
    }

    private static GgufBuilder SentencePiece(params int[] kinds) => new GgufBuilder()
        .With(Prefix + "model", GgufValueType.String, "llama")
        .WithArray(Prefix + "tokens", GgufValueType.String, "<unk>", "<s>", "a")
        .WithArray(Prefix + "scores", GgufValueType.Float32, 0f, -1f, -2f)
        .WithArray(Prefix + "token_type", GgufValueType.Int32, kinds.Length > 0 ? kinds : [2, 3, 1]);

    private static GgufBuilder ByteLevel() => new GgufBuilder()
        .With(Prefix + "model", GgufValueType.String, "gpt2")
        .WithArray(Prefix + "tokens", GgufValueType.String, "a", "b", "ab")
        .WithArray(Prefix + "merges", GgufValueType.String, "a b");

    private static Vocabulary Read(GgufBuilder builder)
    {
        using GgufFile file = builder.Build().Open();
        return VocabularyReader.Read(file.Metadata);
    }
}
