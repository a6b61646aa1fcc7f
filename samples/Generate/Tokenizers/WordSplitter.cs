using System.Text.RegularExpressions;

namespace Generate.Tokenizers;

/// <summary>Splits text into the words within which byte pairs are merged: by one expression after the other.</summary>
/// <remarks>
/// What an expression matches is a word, and so is what lies between two matches; the next one splits these. Characters beyond
/// U+FFFF count as symbols, the few letters and digits there among them.
/// </remarks>
internal sealed class WordSplitter
{
    private const string Contractions = "'s|'t|'re|'ve|'m|'ll|'d";
    private const string AnyCaseContractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Gpt2 = Contractions + @"| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Words = AnyCaseContractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Rest = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private readonly Regex[] _expressions;

    private WordSplitter(params string[] expressions) =>
        _expressions = [.. expressions.Select(static expression => new Regex(expression, RegexOptions.CultureInvariant))];

    /// <summary>Gets whether a word that is a token is that token, whatever its pairs would be merged to.</summary>
    public bool KeepsWholeWords { get; private init; }

    /// <summary>The splitter that a vocabulary names.</summary>
    /// <exception cref="GenerateException">It is not supported.</exception>
    public static WordSplitter Create(string name) => name switch
    {
        "gpt-2" => new WordSplitter(Gpt2),
        "default" => new WordSplitter(@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"),
        "llama-bpe" or "llama3" or "llama-v3" => new WordSplitter(Words + @"|\p{N}{1,3}" + Rest) { KeepsWholeWords = true },
        "qwen2" => new WordSplitter(Words + @"|\p{N}" + Rest),
        _ => throw new GenerateException(
            $"Pre-tokenizer '{name}' is not supported; supported are llama-bpe, qwen2, gpt-2 and default."),
    };

    public IEnumerable<string> Split(string text)
    {
        IEnumerable<string> words = [text];
        foreach (Regex expression in _expressions)
        {
            words = words.SelectMany(word => Split(word, expression));
        }

        return words;
    }

    private static IEnumerable<string> Split(string text, Regex expression)
    {
        int start = 0;
        for (Match match = expression.Match(text); match.Success; match = match.NextMatch())
        {
            if (match.Index > start)
            {
                yield return text[start..match.Index];
            }

            yield return match.Value;
            start = match.Index + match.Length;
        }

        if (start < text.Length)
        {
            yield return text[start..];
        }
    }
}
