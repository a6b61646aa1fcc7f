using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KvCache.Prefixes;

/// <summary>XXH3-128 under a secret key: the fast default within one process.</summary>
/// <remarks>
/// Without a key of the caller's choosing each instance draws one at random, so that nobody outside can prepare
/// colliding prompts; two processes then name the same prefix differently. Give both the same key, or use
/// <see cref="Sha256PrefixHash"/>, where hashes must agree between processes.
/// </remarks>
public sealed class KeyedPrefixHash : PrefixHash
{
    private readonly long _key;

    /// <summary>Draws a random key.</summary>
    public KeyedPrefixHash()
        : this(MemoryMarshal.Read<long>(RandomNumberGenerator.GetBytes(sizeof(long))))
    {
    }

    /// <summary>Uses a given key.</summary>
    /// <param name="key">The key, used as it is.</param>
    public KeyedPrefixHash(long key) => _key = key;

    /// <inheritdoc/>
    public override UInt128 Hash(UInt128 parent, ReadOnlySpan<int> tokens)
    {
        ulong chained = (ulong)parent ^ BitOperations.RotateLeft((ulong)(parent >> 64), 29);
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(tokens), _key ^ (long)chained);
    }

    /// <inheritdoc/>
    public override UInt128 HashRoot(ReadOnlySpan<byte> encoded) => XxHash128.HashToUInt128(encoded, _key);
}
