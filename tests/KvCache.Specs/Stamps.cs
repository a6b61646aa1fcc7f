using System.Buffers.Binary;
using System.Numerics;

namespace KvCache.Specs;

/// <summary>What stands for the keys and values of a position: a function of the namespace and of all tokens up to it.</summary>
/// <remarks>
/// Attention makes a position's keys and values from everything before it, so that two positions may share memory
/// exactly where their stamps are equal.
/// </remarks>
public static class Stamps
{
    /// <summary>The stamp before the first token.</summary>
    public static ulong Root(KvNamespace identity)
    {
        ulong stamp = 0x9E3779B97F4A7C15;
        foreach (string? field in (ReadOnlySpan<string?>)[identity.Salt, identity.Adapter, identity.ModelFingerprint])
        {
            stamp = Next(stamp, field is null ? -1 : field.Length);
            foreach (char letter in field ?? string.Empty)
            {
                stamp = Next(stamp, letter);
            }
        }

        return stamp;
    }

    /// <summary>The stamp of a token after what stands before it.</summary>
    public static ulong Next(ulong before, int token) => Mix(before ^ ((ulong)(uint)token + 1) * 0xD1B54A32D192ED03);

    /// <summary>The stamps of all tokens, one after the other.</summary>
    public static ulong[] Chain(KvNamespace identity, ReadOnlySpan<int> tokens)
    {
        ulong[] chain = new ulong[tokens.Length];
        ulong stamp = Root(identity);
        for (int i = 0; i < tokens.Length; i++)
        {
            chain[i] = stamp = Next(stamp, tokens[i]);
        }

        return chain;
    }

    /// <summary>The bytes of one head's key or value.</summary>
    public static void Fill(Span<byte> bytes, ulong stamp, int layer, bool isValue, int head)
    {
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        ulong state = Mix(stamp + (((ulong)layer * 1024) + ((ulong)head * 2) + (isValue ? 1UL : 0UL)) * 0x2545F4914F6CDD1D);
        for (Span<byte> rest = bytes; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, word.Length)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(word, state);
            word[..Math.Min(rest.Length, word.Length)].CopyTo(rest);
            state = Mix(state);
        }
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 32)) * 0xBF58476D1CE4E5B9;
        return BitOperations.RotateLeft(value ^ (value >> 29), 17) + 0x94D049BB133111EB;
    }
}
