using KvCache.Prefixes;

namespace KvCache.Tests.Prefixes;

/// <summary>The worst hash there is: nothing may depend on it but time.</summary>
internal sealed class ConstantHash : PrefixHash
{
    public override UInt128 Hash(UInt128 parent, ReadOnlySpan<int> tokens) => 1;

    public override UInt128 HashRoot(ReadOnlySpan<byte> encoded) => 1;
}
