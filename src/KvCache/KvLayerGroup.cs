namespace KvCache;

/// <summary>A run of layers whose keys and values have the same shape.</summary>
/// <param name="Layers">How many layers; at least 1.</param>
/// <param name="KvHeads">Key/value heads of a layer on this device; at least 1.</param>
/// <param name="KeyDim">Elements of one key head; at least 1.</param>
/// <param name="ValueDim">Elements of one value head; at least 1. May differ from <paramref name="KeyDim"/>.</param>
/// <param name="ElementType">How an element is stored.</param>
/// <param name="Kind">What the layers keep of the past.</param>
public readonly record struct KvLayerGroup(
    int Layers,
    int KvHeads,
    int KeyDim,
    int ValueDim,
    KvElementType ElementType,
    KvAttentionKind Kind = KvAttentionKind.Full)
{
    /// <summary>Gets the bytes of one element.</summary>
    public int ElementBytes => ElementType.Bytes();

    /// <summary>Gets the bytes that the keys of one token take in one layer: heads × key dim × element size.</summary>
    public long KeyBytesPerToken => checked((long)KvHeads * KeyDim * ElementBytes);

    /// <summary>Gets the bytes that the values of one token take in one layer: heads × value dim × element size.</summary>
    public long ValueBytesPerToken => checked((long)KvHeads * ValueDim * ElementBytes);

    internal void Validate(string paramName)
    {
        Throw.IfLessThan(Layers, 1, paramName, nameof(Layers));
        Throw.IfLessThan(KvHeads, 1, paramName, nameof(KvHeads));
        Throw.IfLessThan(KeyDim, 1, paramName, nameof(KeyDim));
        Throw.IfLessThan(ValueDim, 1, paramName, nameof(ValueDim));
        _ = ElementType.Bytes(); // refuses what is not supported, by name
        if (Kind != KvAttentionKind.Full)
        {
            throw new NotSupportedException($"Attention kind {Kind} is not supported yet; supported is Full.");
        }
    }
}
