using System.Text;
using Microsoft.ML.Tokenizers;

namespace Generate.Tokenizers;

/// <summary>Byte-level pairs as in GPT-2: text is split into words, a word's bytes are merged pair by pair.</summary>
internal sealed class ByteLevelCodec : ITextCodec
{
    private readonly WordSplitter _words;
    private readonly BpeTokenizer _pairs;
    private readonly Dictionary<string, int> _wholeWords = [];
    private readonly byte[][] _bytes;

    public ByteLevelCodec(Vocabulary vocabulary)
    {
        VocabularyChecks.EnsureComplete(vocabulary);
        VocabularyChecks.EnsureMergesExist(vocabulary);
        _words = WordSplitter.Create(vocabulary.PreTokenizer);
        _pairs = BpeTokenizer.Create(new BpeOptions(vocabulary.Tokens.Select((token, id) => KeyValuePair.Create(token, id)))
        {
            Merges = vocabulary.Merges,
            ByteLevel = true,
        });
        if (_words.KeepsWholeWords)
        {
            _wholeWords = vocabulary.Tokens.Index().ToDictionary(static token => token.Item, static token => token.Index);
        }

        _bytes = [.. vocabulary.Tokens.Select((_, token) => ReadBytes(vocabulary, token))];
    }

    public bool HasSpacePrefix => false;

    public ReadOnlySpan<byte> Decode(int token) => _bytes[token];

    public void Encode(string text, List<int> tokens)
    {
        foreach (string word in _words.Split(text))
        {
            if (_wholeWords.TryGetValue(Write(word), out int token))
            {
                tokens.Add(token);
                continue;
            }

            tokens.AddRange(_pairs.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
        }
    }

    /// <summary>A word as the vocabulary writes it: a character for each byte.</summary>
    private static string Write(string word) => string.Concat(Encoding.UTF8.GetBytes(word).Select(ByteCharacters.ToCharacter));

    private static byte[] ReadBytes(Vocabulary vocabulary, int token)
    {
        string written = vocabulary.Tokens[token];
        if (vocabulary.Kinds[token] == TokenKind.Control)
        {
            return [];
        }

        byte[] bytes = new byte[written.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!ByteCharacters.TryGetByte(written[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(written); // an added token, written as it is
            }
        }

        return vocabulary.Kinds[token] == TokenKind.UserDefined ? Encoding.UTF8.GetBytes(written) : bytes;
    }
}
