using System.Text;

namespace Generate.Tokenizers;

/// <summary>Reads one text back token by token: a character comes out when the last of its bytes has come in.</summary>
internal sealed class TokenDecoder(Vocabulary vocabulary, ITextCodec codec)
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private bool _afterSpecial = true;

    /// <summary>The characters that a token completes.</summary>
    public string Next(int token)
    {
        ReadOnlySpan<byte> bytes = codec.Decode(token);
        if (codec.HasSpacePrefix && _afterSpecial && bytes is [(byte)' ', ..])
        {
            bytes = bytes[1..];
        }

        _afterSpecial = vocabulary.IsSpecial(token);
        return Characters(bytes, flush: false);
    }

    /// <summary>Ends the text: what is left of an unfinished character.</summary>
    public string Finish() => Characters([], flush: true);

    private string Characters(ReadOnlySpan<byte> bytes, bool flush)
    {
        char[] characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(characters, 0, _utf8.GetChars(bytes, characters, flush));
    }
}
