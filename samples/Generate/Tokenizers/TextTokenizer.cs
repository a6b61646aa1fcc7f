namespace Generate.Tokenizers;

/// <summary>A model's tokenizer: special tokens by their names, everything else by the codec.</summary>
internal sealed class TextTokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly ITextCodec _codec;
    private readonly SpecialTokens _special;

    public TextTokenizer(Vocabulary vocabulary, ITextCodec codec)
    {
        _vocabulary = vocabulary;
        _codec = codec;
        _special = new SpecialTokens(vocabulary);
        int?[] ends = [vocabulary.EndOfText, vocabulary.EndOfTurn, vocabulary.BeginningOfText];
        StopTokens = ends.OfType<int>().ToHashSet();
    }

    /// <summary>Gets the number of tokens.</summary>
    public int Count => _vocabulary.Tokens.Count;

    /// <summary>Gets the tokens that end a text, the beginning of another one among them.</summary>
    public IReadOnlySet<int> StopTokens { get; }

    /// <summary>Makes the tokenizer that a vocabulary asks for.</summary>
    /// <exception cref="GenerateException">It asks for one that is not supported, or contradicts itself.</exception>
    public static TextTokenizer Create(Vocabulary vocabulary) => vocabulary.Model switch
    {
        "llama" => new TextTokenizer(vocabulary, new SentencePieceCodec(vocabulary)),
        "gpt2" => new TextTokenizer(vocabulary, new ByteLevelCodec(vocabulary)),
        _ => throw new GenerateException($"Tokenizer '{vocabulary.Model}' is not supported; supported are llama and gpt2."),
    };

    /// <summary>The tokens of a prompt, the beginning of text first where the model expects it; never none.</summary>
    /// <exception cref="GenerateException">The prompt is empty, and the model has no token to begin with.</exception>
    public int[] Encode(string text)
    {
        List<int> tokens = [];
        if (_vocabulary.BeginningOfText is int beginning && (_vocabulary.AddBeginningOfText || text.Length == 0))
        {
            tokens.Add(beginning);
        }

        foreach ((string part, int? special) in _special.Split(text))
        {
            if (special is int token)
            {
                tokens.Add(token);
            }
            else
            {
                _codec.Encode(part, tokens);
            }
        }

        return tokens.Count > 0
            ? [.. tokens]
            : throw new GenerateException("The prompt is empty, and the model has no token to begin a text with; give a --prompt.");
    }

    /// <summary>Begins to read a text back from its tokens.</summary>
    public TokenDecoder CreateDecoder() => new(_vocabulary, _codec);
}
