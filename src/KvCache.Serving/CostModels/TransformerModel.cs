namespace KvCache.Serving.CostModels;

/// <summary>A decoder-only transformer's dimensions, as far as time and memory depend on them: llama-like, with a gated MLP.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Layers">Layers; at least 1.</param>
/// <param name="HiddenSize">Elements of a token's hidden state.</param>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KvHeads">Key/value heads.</param>
/// <param name="HeadDim">Elements of a head.</param>
/// <param name="IntermediateSize">Elements between the MLP's projections.</param>
/// <param name="VocabularySize">Tokens of the vocabulary.</param>
/// <remarks>Weights and cache are of two bytes an element (float16 or bfloat16). Immutable.</remarks>
public sealed record TransformerModel(
    string Name, int Layers, int HiddenSize, int QueryHeads, int KvHeads, int HeadDim, int IntermediateSize, int VocabularySize)
{
    /// <summary>Bytes of a weight, of an activation and of an element of the cache.</summary>
    internal const int ElementBytes = 2;

    /// <summary>Gets whether the output head is the embedding itself, so that it takes no memory of its own.</summary>
    /// <value>Default: false.</value>
    public bool TiedEmbeddings { get; init; }

    /// <summary>Gets the weights of one layer's projections: query, key, value and output, and the three of the MLP.</summary>
    public long LayerParameters =>
        ((long)HiddenSize * HeadDim * ((2L * QueryHeads) + (2L * KvHeads))) + (3L * HiddenSize * IntermediateSize);

    /// <summary>Gets the weights of the output head.</summary>
    public long HeadParameters => (long)HiddenSize * VocabularySize;

    /// <summary>Gets all weights, without norms and biases, which are a ten-thousandth.</summary>
    public long Parameters => (Layers * LayerParameters) + (HeadParameters * (TiedEmbeddings ? 1 : 2));

    /// <summary>Gets the bytes of all weights.</summary>
    public long WeightBytes => Parameters * ElementBytes;

    /// <summary>Gets the bytes of one token's keys and values over all layers.</summary>
    public long CacheBytesPerToken => (long)Layers * KvHeads * HeadDim * 2 * ElementBytes;

    /// <summary>The geometry of the cache on one of several devices that share the heads among them.</summary>
    /// <param name="tensorParallel">The number of devices; at least 1, and it divides the heads.</param>
    /// <returns>The geometry, of float16.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The heads cannot be shared so.</exception>
    public KvGeometry Geometry(int tensorParallel = 1)
    {
        EnsureDivides(tensorParallel);
        return KvGeometry.Create(Layers, Math.Max(1, KvHeads / tensorParallel), HeadDim);
    }

    /// <summary>Devices hold whole heads; where there are more devices than KV heads, every one of them holds one, as vLLM has it.</summary>
    internal void EnsureDivides(int tensorParallel)
    {
        if (tensorParallel < 1
            || QueryHeads % tensorParallel != 0
            || (KvHeads % tensorParallel != 0 && tensorParallel % KvHeads != 0))
        {
            throw new ArgumentOutOfRangeException(
                nameof(tensorParallel),
                tensorParallel,
                $"{Name} on {tensorParallel} devices: expected a number that divides {QueryHeads} query heads, and divides {KvHeads} KV heads or is a multiple of them.");
        }
    }
}
