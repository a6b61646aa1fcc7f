namespace KvCache;

/// <summary>The shape of a model's cache: its layers, heads, dimensions and element type, as a list of layer groups.</summary>
/// <remarks>
/// Immutable and safe to share between threads. All sizes are <see cref="long"/> and computed checked.
/// One group of full-attention layers is supported; a list of several groups is refused.
/// </remarks>
public sealed class KvGeometry
{
    private readonly KvLayerGroup[] _groups;

    /// <summary>Makes a geometry from layer groups.</summary>
    /// <param name="groups">The groups, first layer first; exactly one for now.</param>
    /// <exception cref="ArgumentException"><paramref name="groups"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A count or dimension is below 1.</exception>
    /// <exception cref="NotSupportedException">Several groups, an attention kind or an element type that is not supported yet.</exception>
    /// <exception cref="OverflowException">The bytes of one token exceed 2⁶³ − 1.</exception>
    public KvGeometry(params ReadOnlySpan<KvLayerGroup> groups)
    {
        if (groups.IsEmpty)
        {
            throw new ArgumentException("A geometry needs at least one layer group.", nameof(groups));
        }

        if (groups.Length > 1)
        {
            throw new NotSupportedException(
                $"{groups.Length} layer groups were given; several layer groups are not supported yet.");
        }

        foreach (KvLayerGroup group in groups)
        {
            group.Validate(nameof(groups));
            LayerCount = checked(LayerCount + group.Layers);
            BytesPerToken = checked(BytesPerToken + (group.Layers * (group.KeyBytesPerToken + group.ValueBytesPerToken)));
        }

        _groups = groups.ToArray();
    }

    /// <summary>Makes the geometry of a model whose layers are all alike.</summary>
    /// <param name="layers">How many layers; at least 1.</param>
    /// <param name="kvHeads">Key/value heads per layer on this device; at least 1.</param>
    /// <param name="headDim">Elements of a key head and of a value head; at least 1.</param>
    /// <param name="elementType">How an element is stored; float16 by default.</param>
    /// <returns>The geometry.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count or dimension is below 1.</exception>
    /// <exception cref="NotSupportedException">An element type that is not supported yet.</exception>
    public static KvGeometry Create(
        int layers, int kvHeads, int headDim, KvElementType elementType = KvElementType.Float16)
    {
        Throw.IfLessThan(layers, 1, nameof(layers), nameof(layers));
        Throw.IfLessThan(kvHeads, 1, nameof(kvHeads), nameof(kvHeads));
        Throw.IfLessThan(headDim, 1, nameof(headDim), nameof(headDim));
        return new KvGeometry(new KvLayerGroup(layers, kvHeads, headDim, headDim, elementType));
    }

    /// <summary>Gets the layer groups, first layer first.</summary>
    public ReadOnlySpan<KvLayerGroup> Groups => _groups;

    /// <summary>Gets the number of layers over all groups.</summary>
    public int LayerCount { get; }

    /// <summary>Gets the bytes that one token takes over all layers, keys and values together.</summary>
    public long BytesPerToken { get; }

    /// <summary>Gets the group that a layer belongs to.</summary>
    /// <param name="layer">0 … <see cref="LayerCount"/> − 1.</param>
    /// <returns>The group.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public KvLayerGroup GroupOf(int layer)
    {
        Throw.IfNotIndex(layer, LayerCount);
        return _groups[0];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(
        " + ",
        _groups.Select(g => $"{g.Layers} layers × {g.KvHeads} heads × ({g.KeyDim} + {g.ValueDim}) {g.ElementType}"));
}
