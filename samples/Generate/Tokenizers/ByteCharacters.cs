using System.Collections.Frozen;

namespace Generate.Tokenizers;

/// <summary>GPT-2's way of writing bytes as visible characters: printable ones as themselves, the rest from U+0100 on.</summary>
internal static class ByteCharacters
{
    private static readonly char[] Characters = CreateCharacters();

    private static readonly FrozenDictionary<char, byte> Bytes =
        Enumerable.Range(0, 256).ToFrozenDictionary(static value => Characters[value], static value => (byte)value);

    public static char ToCharacter(byte value) => Characters[value];

    public static bool TryGetByte(char character, out byte value) => Bytes.TryGetValue(character, out value);

    private static char[] CreateCharacters()
    {
        char[] characters = new char[256];
        char next = '\u0100';
        for (int value = 0; value < characters.Length; value++)
        {
            bool isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            characters[value] = isPrintable ? (char)value : next++;
        }

        return characters;
    }
}
