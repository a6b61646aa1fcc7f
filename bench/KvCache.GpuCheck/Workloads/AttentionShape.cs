namespace KvCache.GpuCheck.Workloads;

/// <summary>What attention is asked: heads, dims, how keys and values are stored.</summary>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="KeyDim">Elements of a key and of a query.</param>
/// <param name="ValueDim">Elements of a value.</param>
/// <param name="Type">The cache's elements.</param>
/// <param name="BlockTokens">Tokens of a page.</param>
internal sealed record AttentionShape(int QueryHeads, int KvHeads, int KeyDim, int ValueDim, KvElementType Type, int BlockTokens)
{
    /// <summary>Gets the heads as tables name them.</summary>
    public string Heads => $"{QueryHeads}/{KvHeads}";

    /// <summary>Gets the bytes of a token's keys and values in one layer.</summary>
    public long BytesPerToken => Geometry(1).BytesPerToken;

    public KvGeometry Geometry(int layers) => new(new KvLayerGroup(layers, KvHeads, KeyDim, ValueDim, Type));

    /// <inheritdoc/>
    public override string ToString() => $"{Heads} heads × {KeyDim}+{ValueDim} {Type}, pages of {BlockTokens}";
}
