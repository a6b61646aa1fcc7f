namespace Generate.Tokenizers;

/// <summary>Turns text without special tokens into tokens, and each token back into its bytes.</summary>
internal interface ITextCodec
{
    /// <summary>Gets whether the text of a token that follows a special token, or none, has a space put before it.</summary>
    bool HasSpacePrefix { get; }

    /// <summary>Adds the tokens of a text.</summary>
    void Encode(string text, List<int> tokens);

    /// <summary>The bytes, part of a UTF-8 text, that a token stands for; none for a control token.</summary>
    ReadOnlySpan<byte> Decode(int token);
}
