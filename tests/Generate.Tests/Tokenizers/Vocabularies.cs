using Generate.Tokenizers;

namespace Generate.Tests.Tokenizers;

/// <summary>Small vocabularies with random merges over few letters, so that merges compete everywhere.</summary>
internal static class Vocabularies
{
    private static readonly string[] Letters = ["a", "b", "c", "▁", "é", "𝕳"];

    /// <summary>A SentencePiece vocabulary; scores repeat, so that equal ones meet.</summary>
    public static Vocabulary SentencePiece(int seed, int pieces = 40)
    {
        Random random = new(seed);
        List<string> texts = [.. Letters];
        while (texts.Count < pieces)
        {
            string piece = texts[random.Next(texts.Count)] + texts[random.Next(texts.Count)];
            if (!texts.Contains(piece))
            {
                texts.Add(piece);
            }
        }

        return SentencePiece([.. texts.Select(text => (text, (float)-random.Next(pieces / 2)))]);
    }

    public static Vocabulary SentencePiece(params (string Text, float Score)[] pieces) => new()
    {
        Model = "llama",
        Tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(static value => $"<0x{value:X2}>"), .. pieces.Select(static piece => piece.Text)],
        Kinds =
        [
            TokenKind.Unknown, TokenKind.Control, TokenKind.Control,
            .. Enumerable.Repeat(TokenKind.Byte, 256), .. pieces.Select(static _ => TokenKind.Normal),
        ],
        Scores = [.. new float[259], .. pieces.Select(static piece => piece.Score)],
        BeginningOfText = 1,
        EndOfText = 2,
        AddBeginningOfText = true,
    };

    /// <summary>A byte-level vocabulary: 256 bytes, random merges of those of a few letters, and two special tokens.</summary>
    public static Vocabulary ByteLevel(string preTokenizer, int seed = 1, int merges = 60)
    {
        Random random = new(seed);
        List<string> tokens = [.. Enumerable.Range(0, 256).Select(static value => ByteCharacters.ToCharacter((byte)value).ToString())];
        List<string> parts = [.. "abc \u00C3\u00A9"u8.ToArray().Select(static value => ByteCharacters.ToCharacter(value).ToString())];
        List<string> pairs = [];
        while (pairs.Count < merges)
        {
            string left = parts[random.Next(parts.Count)];
            string right = parts[random.Next(parts.Count)];
            if (!tokens.Contains(left + right))
            {
                tokens.Add(left + right);
                parts.Add(left + right);
                pairs.Add($"{left} {right}");
            }
        }

        return new Vocabulary
        {
            Model = "gpt2",
            PreTokenizer = preTokenizer,
            Tokens = [.. tokens, "<|end|>", "<tool>"],
            Kinds = [.. tokens.Select(static _ => TokenKind.Normal), TokenKind.Control, TokenKind.UserDefined],
            Merges = pairs,
            EndOfText = tokens.Count,
        };
    }
}
