using System.Text.RegularExpressions;

namespace Generate.Tokenizers;

/// <summary>Finds the tokens that a prompt names, such as "&lt;|im_start|&gt;"; of several at one place the longest.</summary>
internal sealed class SpecialTokens
{
    private readonly Dictionary<string, int> _ids = [];
    private readonly Regex? _names;

    public SpecialTokens(Vocabulary vocabulary)
    {
        for (int token = 0; token < vocabulary.Tokens.Count; token++)
        {
            if (vocabulary.IsSpecial(token) && vocabulary.Tokens[token].Length > 0)
            {
                _ids[vocabulary.Tokens[token]] = token;
            }
        }

        if (_ids.Count > 0)
        {
            _names = new Regex(string.Join('|', _ids.Keys.OrderByDescending(static name => name.Length).Select(Regex.Escape)));
        }
    }

    /// <summary>The parts of a text in order: special tokens, and the text between them.</summary>
    public IEnumerable<(string Text, int? Token)> Split(string text)
    {
        int start = 0;
        for (Match? match = _names?.Match(text); match is { Success: true }; match = match.NextMatch())
        {
            if (match.Index > start)
            {
                yield return (text[start..match.Index], null);
            }

            yield return (match.Value, _ids[match.Value]);
            start = match.Index + match.Length;
        }

        if (start < text.Length)
        {
            yield return (text[start..], null);
        }
    }
}
