using FsCheck.Xunit;
using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Prefixes;

public class NamespaceEncodingProperties
{
    /// <summary>Few letters and short values, among them what looks like a header, so that near misses are many.</summary>
    private static readonly string?[] Values =
        [null, "", "a", "b", "aa", "ab", "ba", "\0", "\u0001", "\0\0\0\0\0", "\u0001\u0001\0\0\0a", "a\u0001\u0001\0\0\0b", "é", "e\u0301"];

    [Fact]
    public void Different_namespaces_have_different_encodings()
    {
        Dictionary<string, KvNamespace> seen = [];
        foreach (string? salt in Values)
        {
            foreach (string? adapter in Values)
            {
                foreach (string? model in Values)
                {
                    KvNamespace identity = new(salt, adapter, model);
                    string encoded = Convert.ToHexString(PrefixRoot.Encode(identity));
                    Assert.True(seen.TryAdd(encoded, identity), $"{identity} and {seen.GetValueOrDefault(encoded)}");
                }
            }
        }
    }

    [Property(MaxTest = 2000, Replay = "20240605,99")]
    public void Random_namespaces_are_equal_exactly_when_their_encodings_are(
        (string? Salt, string? Adapter, string? Model) left, (string? Salt, string? Adapter, string? Model) right)
    {
        KvNamespace one = new(WellFormed(left.Salt), WellFormed(left.Adapter), WellFormed(left.Model));
        KvNamespace two = new(WellFormed(right.Salt), WellFormed(right.Adapter), WellFormed(right.Model));
        Assert.Equal(one == two, PrefixRoot.Encode(one).AsSpan().SequenceEqual(PrefixRoot.Encode(two)));
        Assert.Equal(PrefixRoot.Encode(one), PrefixRoot.Encode(one with { }));
    }

    /// <summary>Lone surrogates encode alike; the index compares the strings themselves, so that only a hash would collide.</summary>
    private static string? WellFormed(string? text) =>
        text is null ? null : string.Concat(text.Where(letter => !char.IsSurrogate(letter)));
}
