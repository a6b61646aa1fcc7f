namespace Generate.Tokenizers;

/// <summary>What a vocabulary must hold for its tokenizer to work, checked before it is used.</summary>
internal static class VocabularyChecks
{
    private const int Bytes = 256;

    /// <summary>As many kinds and scores as tokens, and no two tokens alike.</summary>
    public static void EnsureComplete(Vocabulary vocabulary)
    {
        int count = vocabulary.Tokens.Count;
        EnsureCount(vocabulary.Kinds.Count, count, "token types");
        if (vocabulary.Model == "llama")
        {
            EnsureCount(vocabulary.Scores.Count, count, "scores");
        }

        Dictionary<string, int> seen = new(count);
        for (int token = 0; token < count; token++)
        {
            if (!seen.TryAdd(vocabulary.Tokens[token], token))
            {
                throw new GenerateException(
                    $"Tokens {seen[vocabulary.Tokens[token]]} and {token} are both '{vocabulary.Tokens[token]}'; expected different ones.");
            }
        }
    }

    /// <summary>Byte tokens, where there are any, are &lt;0x00&gt; … &lt;0xFF&gt;, one after the other.</summary>
    public static void EnsureBytesInOrder(Vocabulary vocabulary)
    {
        int[] tokens = [.. Enumerable.Range(0, vocabulary.Kinds.Count).Where(token => vocabulary.Kinds[token] == TokenKind.Byte)];
        if (tokens.Length == 0)
        {
            return;
        }

        for (int value = 0; value < Bytes; value++)
        {
            int token = tokens[0] + value;
            string expected = $"<0x{value:X2}>";
            if (token >= vocabulary.Tokens.Count || vocabulary.Tokens[token] != expected || vocabulary.Kinds[token] != TokenKind.Byte)
            {
                throw new GenerateException($"Token {token} is not the byte token '{expected}'; expected all 256 in a row from token {tokens[0]} on.");
            }
        }

        if (tokens.Length > Bytes)
        {
            throw new GenerateException($"Token {tokens[Bytes]} is a byte token; expected no more than 256.");
        }
    }

    /// <summary>Every byte has a character among the tokens; a merge joins two tokens to a third.</summary>
    public static void EnsureMergesExist(Vocabulary vocabulary)
    {
        HashSet<string> tokens = [.. vocabulary.Tokens];
        for (int value = 0; value < Bytes; value++)
        {
            string written = ByteCharacters.ToCharacter((byte)value).ToString();
            if (!tokens.Contains(written))
            {
                throw new GenerateException($"The vocabulary has no token '{written}' for the byte 0x{value:X2}; expected one for each byte.");
            }
        }

        foreach (string merge in vocabulary.Merges)
        {
            string[] pair = merge.Split(' ');
            if (pair is not [string left, string right]
                || !tokens.Contains(left) || !tokens.Contains(right) || !tokens.Contains(left + right))
            {
                throw new GenerateException($"Merge '{merge}' does not join two tokens, with a space between them, to a third.");
            }
        }
    }

    private static void EnsureCount(int found, int expected, string what)
    {
        if (found != expected)
        {
            throw new GenerateException($"The vocabulary has {found} {what}; expected one for each of its {expected} tokens.");
        }
    }
}
