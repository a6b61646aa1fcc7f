namespace Generate.Tokenizers;

/// <summary>A model's tokens and what its file says of them.</summary>
internal sealed record Vocabulary
{
    /// <summary>Gets how text becomes tokens: "llama" (SentencePiece) or "gpt2" (byte-level pairs).</summary>
    public required string Model { get; init; }

    /// <summary>Gets how text is split into words before pairs are merged; for "gpt2".</summary>
    public string PreTokenizer { get; init; } = "default";

    public required IReadOnlyList<string> Tokens { get; init; }

    public required IReadOnlyList<TokenKind> Kinds { get; init; }

    /// <summary>Gets how early a token is merged, the highest first; for "llama".</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>Gets the pairs that are merged, the earliest first, each "left right"; for "gpt2".</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    public int? BeginningOfText { get; init; }

    public int? EndOfText { get; init; }

    public int? EndOfTurn { get; init; }

    public int Unknown { get; init; }

    public bool AddBeginningOfText { get; init; }

    /// <summary>Gets whether a space is put before the text, and taken away again where it is read back; for "llama".</summary>
    public bool AddSpacePrefix { get; init; } = true;

    /// <summary>Whether a token is written in prompts by its name and cannot come out of ordinary text.</summary>
    public bool IsSpecial(int token) => Kinds[token] is TokenKind.Control or TokenKind.UserDefined;
}
