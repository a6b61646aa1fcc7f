namespace KvCache.Specs.Attention;

/// <summary>Fills memory with what would show wherever it came in.</summary>
internal static class Poison
{
    // A prime, so that the pattern falls on pages, heads and vectors everywhere in another way.
    private const int PatternElements = 1021;

    public static void Fill(Span<byte> bytes, ElementFormat format, PoisonKind kind, int seed)
    {
        Noise noise = new(seed, -1, -1);
        Span<byte> pattern = new byte[PatternElements * format.Bytes];
        for (int i = 0; i < PatternElements; i++)
        {
            PoisonKind drawn = kind == PoisonKind.Mixed ? (PoisonKind)(noise.Next() % (ulong)PoisonKind.Mixed) : kind;
            uint sign = noise.Next() % 2 == 0 ? 0 : format.SignBit;
            format.WriteBits(pattern, i, sign | Magnitude(format, drawn, noise.Next()));
        }

        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, pattern.Length)..])
        {
            pattern[..Math.Min(bytes.Length, pattern.Length)].CopyTo(bytes);
        }
    }

    private static uint Magnitude(ElementFormat format, PoisonKind kind, ulong drawn) => kind switch
    {
        PoisonKind.NaN => format.Infinity + 1 + (uint)(drawn % (format.SignBit - format.Infinity - 1)),
        PoisonKind.Infinity => format.Infinity,
        _ => format.Infinity - 1,
    };
}
