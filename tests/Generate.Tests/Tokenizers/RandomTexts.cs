using System.Text;

namespace Generate.Tests.Tokenizers;

/// <summary>Texts to tokenize: runs of the same letter, spaces, line ends, scripts, emoji, and any other character.</summary>
internal static class RandomTexts
{
    private static readonly string[] Parts =
    [
        "a", "b", "c", "aa", "ab", "é", "𝕳", " ", "  ", "\n", "\r\n", "\t", "Lily", "Once upon", "said", "\"", "'s", "don't", "1234567", "...",
        "👩‍👩‍👧", "漢字", "שלום", "e\u0301", "ll", "eeeee", "<s>x", "▁", "\0",
    ];

    public static string Create(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(1, 30); i > 0; i--)
        {
            text.Append(random.Next(5) == 0 ? AnyRune(random).ToString() : Parts[random.Next(Parts.Length)]);
        }

        return text.ToString();
    }

    private static Rune AnyRune(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(0x11_0000), out Rune rune))
            {
                return rune;
            }
        }
    }
}
