using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Generate.Tokenizers;

/// <summary>SentencePiece's pairs by score: spaces are written ▁, characters outside the vocabulary become their bytes.</summary>
internal sealed class SentencePieceCodec : ITextCodec
{
    private const char WrittenSpace = '▁';
    private readonly Vocabulary _vocabulary;
    private readonly SentencePieceTokenizer _mirrored;
    private readonly byte[][] _bytes;

    public SentencePieceCodec(Vocabulary vocabulary)
    {
        VocabularyChecks.EnsureComplete(vocabulary);
        VocabularyChecks.EnsureBytesInOrder(vocabulary);
        _vocabulary = vocabulary;
        _mirrored = SentencePieceModel.CreateMirrored(vocabulary, vocabulary.Kinds.Contains(TokenKind.Byte));
        _bytes = [.. vocabulary.Tokens.Select((_, token) => ReadBytes(vocabulary, token))];
    }

    public bool HasSpacePrefix => _vocabulary.AddSpacePrefix;

    public ReadOnlySpan<byte> Decode(int token) => _bytes[token];

    public void Encode(string text, List<int> tokens)
    {
        string written = (HasSpacePrefix ? " " : "") + text;
        IReadOnlyList<int> mirrored = _mirrored.EncodeToIds(
            SentencePieceModel.Mirror(written), addBeginningOfSentence: false, addEndOfSentence: false);
        for (int end = mirrored.Count; end > 0;)
        {
            int start = end - 1;
            while (start > 0 && IsContinuationByte(mirrored[start]))
            {
                start--;
            }

            for (int i = start; i < end; i++)
            {
                tokens.Add(mirrored[i]);
            }

            end = start;
        }
    }

    /// <summary>Whether a token is a byte of a character that an earlier one began: such bytes are in order in the mirror, too.</summary>
    private bool IsContinuationByte(int token) =>
        _vocabulary.Kinds[token] == TokenKind.Byte && (_bytes[token][0] & 0xC0) == 0x80;

    private static byte[] ReadBytes(Vocabulary vocabulary, int token)
    {
        string piece = vocabulary.Tokens[token];
        return vocabulary.Kinds[token] switch
        {
            TokenKind.Control => [],
            TokenKind.Byte => [byte.Parse(piece.AsSpan(3, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)],
            _ => Encoding.UTF8.GetBytes(piece.Replace(WrittenSpace, ' ')),
        };
    }
}
