using KvCache.Prefixes;
using Xunit;

namespace KvCache.Tests.Scenarios;

public class Scenario08_SeedsOfThePrefixHash
{
    private static readonly int[] Block = Stage.Tokens(0, 16);

    [Fact]
    public void The_cryptographic_hash_is_the_same_in_every_process()
    {
        PrefixHash[] five = [.. Enumerable.Range(0, 5).Select(_ => new Sha256PrefixHash())];
        Assert.Single(five.Select(hash => hash.Hash(1, Block)).Distinct());
        Assert.Single(five.Select(hash => hash.HashRoot([1, 2])).Distinct());

        // First half of SHA-256 over seed 0, parent 1, tokens 0 and 1, all little-endian: fixed for other processes' sake.
        UInt128 known = new Sha256PrefixHash().Hash(1, [0, 1]);
        Assert.Equal(KnownSha256, known);
    }

    [Fact]
    public void The_keyed_hash_differs_from_instance_to_instance()
    {
        PrefixHash[] five = [.. Enumerable.Range(0, 5).Select(_ => new KeyedPrefixHash())];
        Assert.Equal(5, five.Select(hash => hash.Hash(1, Block)).Distinct().Count());
        Assert.Equal(5, five.Select(hash => hash.HashRoot([1, 2])).Distinct().Count());
    }

    [Fact]
    public void A_given_seed_is_used_as_it_is_by_both()
    {
        Assert.Single(Enumerable.Range(0, 5).Select(_ => new KeyedPrefixHash(12345).Hash(1, Block)).Distinct());
        Assert.Single(Enumerable.Range(0, 5).Select(_ => new Sha256PrefixHash(12345).Hash(1, Block)).Distinct());
        Assert.NotEqual(new KeyedPrefixHash(12345).Hash(1, Block), new KeyedPrefixHash(12346).Hash(1, Block));
        Assert.NotEqual(new Sha256PrefixHash(12345).Hash(1, Block), new Sha256PrefixHash(12346).Hash(1, Block));
    }

    [Fact]
    public void Parent_order_and_tokens_all_count()
    {
        foreach (PrefixHash hash in new PrefixHash[] { new KeyedPrefixHash(1), new Sha256PrefixHash() })
        {
            UInt128 one = hash.Hash(1, [1, 2]);
            Assert.NotEqual(one, hash.Hash(2, [1, 2]));
            Assert.NotEqual(one, hash.Hash((UInt128)1 << 64, [1, 2]));
            Assert.NotEqual(one, hash.Hash(1, [2, 1]));
            Assert.NotEqual(one, hash.Hash(1, [1, 2, 0]));
        }
    }

    private static UInt128 KnownSha256
    {
        get
        {
            byte[] bytes = new byte[32];
            bytes[8] = 1;
            bytes[28] = 1;
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(
                System.Security.Cryptography.SHA256.HashData(bytes));
        }
    }
}
