using System.Text;
using Microsoft.ML.Tokenizers;

namespace Generate.Tokenizers;

/// <summary>Makes a SentencePiece tokenizer of a vocabulary, by way of the file that one is usually read from.</summary>
/// <remarks>
/// The library merges the rightmost of several equal pairs first, SentencePiece the leftmost ("aaa" is "aa", "a"). So the
/// model is mirrored: every piece is written backwards, and so must be the text.
/// </remarks>
internal static class SentencePieceModel
{
    private const int Pieces = 1;
    private const int Trainer = 2;
    private const int Normalizer = 3;
    private const int Piece = 1;
    private const int Score = 2;
    private const int Type = 3;
    private const int ModelType = 3;
    private const int PairMerging = 2;
    private const int ByteFallback = 35;
    private const int UnknownId = 40;
    private const int AddDummyPrefix = 3;
    private const int RemoveExtraWhitespaces = 4;
    private const int EscapeWhitespaces = 5;

    public static SentencePieceTokenizer CreateMirrored(Vocabulary vocabulary, bool byteFallback)
    {
        ProtobufWriter model = new();
        for (int token = 0; token < vocabulary.Tokens.Count; token++)
        {
            TokenKind kind = vocabulary.Kinds[token];
            bool isText = kind is TokenKind.Normal or TokenKind.Unused;
            model.Field(Pieces, new ProtobufWriter()
                .Field(Piece, isText ? Mirror(vocabulary.Tokens[token]) : vocabulary.Tokens[token])
                .Field(Score, vocabulary.Scores[token])
                .Field(Type, isText ? (int)TokenKind.Normal : (int)kind));
        }

        model.Field(Trainer, new ProtobufWriter()
            .Field(ModelType, PairMerging)
            .Field(ByteFallback, byteFallback)
            .Field(UnknownId, vocabulary.Unknown));
        model.Field(Normalizer, new ProtobufWriter()
            .Field(AddDummyPrefix, false)
            .Field(RemoveExtraWhitespaces, false)
            .Field(EscapeWhitespaces, true));
        using MemoryStream stream = new(model.ToArray());
        return SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
    }

    /// <summary>A text written backwards, character by character.</summary>
    public static string Mirror(string text)
    {
        StringBuilder mirrored = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes().Reverse())
        {
            mirrored.Append(rune.ToString());
        }

        return mirrored.ToString();
    }
}
