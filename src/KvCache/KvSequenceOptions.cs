namespace KvCache;

/// <summary>How a sequence is opened. Immutable; one instance can serve any number of sequences.</summary>
public sealed record KvSequenceOptions
{
    /// <summary>Gets the options used where none are given.</summary>
    public static KvSequenceOptions Default { get; } = new();

    /// <summary>Gets with whom the sequence shares prefixes.</summary>
    /// <value>Default: <see cref="KvNamespace.Default"/>.</value>
    public KvNamespace Namespace { get; init; } = KvNamespace.Default;
}
