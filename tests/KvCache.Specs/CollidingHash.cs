using KvCache.Prefixes;

namespace KvCache.Specs;

/// <summary>A hash under which everything collides: only the tokens can tell prefixes apart.</summary>
public sealed class CollidingHash : PrefixHash
{
    public override UInt128 Hash(UInt128 parent, ReadOnlySpan<int> tokens) => UInt128.One;

    public override UInt128 HashRoot(ReadOnlySpan<byte> encoded) => UInt128.One;
}
