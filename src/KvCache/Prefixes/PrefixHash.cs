namespace KvCache.Prefixes;

/// <summary>The hash that finds a cached block: of the block's tokens, chained to the hash of what stands before it.</summary>
/// <remarks>
/// The hash only finds; the stored tokens decide. A poor hash costs time, never correctness. Instances are immutable
/// and may be shared between allocators and threads.
/// </remarks>
public abstract class PrefixHash
{
    /// <summary>Hashes one full block.</summary>
    /// <param name="parent">The hash of the block before, or of the namespace for a first block.</param>
    /// <param name="tokens">The block's tokens.</param>
    /// <returns>128 bits.</returns>
    public abstract UInt128 Hash(UInt128 parent, ReadOnlySpan<int> tokens);

    /// <summary>Hashes a namespace, from which its chains begin.</summary>
    /// <param name="encoded">The namespace's fields, each with its type and length.</param>
    /// <returns>128 bits.</returns>
    public abstract UInt128 HashRoot(ReadOnlySpan<byte> encoded);
}
