using Generate.Gguf;

namespace Generate.Tokenizers;

/// <summary>Reads a vocabulary from a model file's metadata.</summary>
internal static class VocabularyReader
{
    private const string Prefix = "tokenizer.ggml.";
    private static readonly string[] LlamaThree = ["llama-bpe", "llama3", "llama-v3"];

    public static Vocabulary Read(GgufMetadata metadata)
    {
        string model = metadata.GetString(Prefix + "model");
        string[] tokens = metadata.GetStrings(Prefix + "tokens");
        string preTokenizer = metadata.TryGetString(Prefix + "pre", out string? named) ? named : "default";
        bool isSentencePiece = model == "llama";
        return new Vocabulary
        {
            Model = model,
            PreTokenizer = preTokenizer,
            Tokens = tokens,
            Kinds = ReadKinds(metadata, tokens.Length, isRequired: isSentencePiece),
            Scores = isSentencePiece ? metadata.GetSingles(Prefix + "scores") : [],
            Merges = model == "gpt2" ? metadata.GetStrings(Prefix + "merges") : [],
            BeginningOfText = ReadToken(metadata, "bos_token_id", tokens.Length) ?? (isSentencePiece ? 1 : null),
            EndOfText = ReadToken(metadata, "eos_token_id", tokens.Length) ?? (isSentencePiece ? 2 : null),
            EndOfTurn = ReadToken(metadata, "eot_token_id", tokens.Length),
            Unknown = ReadToken(metadata, "unknown_token_id", tokens.Length) ?? 0,
            AddBeginningOfText = metadata.TryGetBoolean(Prefix + "add_bos_token", out bool add)
                ? add
                : isSentencePiece || LlamaThree.Contains(preTokenizer),
            AddSpacePrefix = !metadata.TryGetBoolean(Prefix + "add_space_prefix", out bool prefix) || prefix,
        };
    }

    private static TokenKind[] ReadKinds(GgufMetadata metadata, int count, bool isRequired)
    {
        const string Key = Prefix + "token_type";
        if (!isRequired && !metadata.Contains(Key))
        {
            return [.. Enumerable.Repeat(TokenKind.Normal, count)];
        }

        TokenKind[] kinds = [.. metadata.GetInt32s(Key).Select(static kind => (TokenKind)kind)];
        int strange = Array.FindIndex(kinds, static kind => !Enum.IsDefined(kind));
        return strange < 0
            ? kinds
            : throw new GenerateException($"Token {strange} has type {(int)kinds[strange]}; expected 1 … 6.");
    }

    /// <summary>A token that the file may name; −1, in whatever width, names none.</summary>
    private static int? ReadToken(GgufMetadata metadata, string name, int count)
    {
        string key = Prefix + name;
        GgufValue stored = metadata.FirstOrDefault(entry => entry.Key == key).Value;
        if (!metadata.Contains(key) || (stored.IsInteger && (stored.IntegerAt(0) == -1 || stored.IntegerAt(0) == uint.MaxValue)))
        {
            return null;
        }

        int token = metadata.GetInt32(key);
        return token >= 0 && token < count
            ? token
            : throw new GenerateException($"'{key}' is {token}; expected one of the vocabulary's {count} tokens.");
    }
}
