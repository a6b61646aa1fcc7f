using System.Text;

namespace Generate.Tokenizers;

/// <summary>Bytes as tokens, for a model that has no vocabulary; what is not printable ASCII is read back as "&lt;0x..&gt;".</summary>
internal sealed class ByteCodec : ITextCodec
{
    private const int Bytes = 256;
    private readonly byte[][] _texts;

    private ByteCodec(Vocabulary vocabulary) =>
        _texts = [.. vocabulary.Tokens.Select((text, token) => vocabulary.IsSpecial(token) ? [] : Encoding.ASCII.GetBytes(text))];

    public bool HasSpacePrefix => false;

    /// <summary>Makes a tokenizer of 256 bytes, a beginning and an end of text.</summary>
    public static TextTokenizer CreateTokenizer()
    {
        string[] bytes = [.. Enumerable.Range(0, Bytes).Select(static value => value is >= ' ' and <= '~' ? $"{(char)value}" : $"<0x{value:X2}>")];
        Vocabulary vocabulary = new()
        {
            Model = "bytes",
            Tokens = [.. bytes, "<s>", "</s>"],
            Kinds = [.. Enumerable.Repeat(TokenKind.Byte, Bytes), TokenKind.Control, TokenKind.Control],
            BeginningOfText = Bytes,
            EndOfText = Bytes + 1,
            AddBeginningOfText = true,
        };
        return new TextTokenizer(vocabulary, new ByteCodec(vocabulary));
    }

    public void Encode(string text, List<int> tokens)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            tokens.Add(value);
        }
    }

    public ReadOnlySpan<byte> Decode(int token) => _texts[token];
}
