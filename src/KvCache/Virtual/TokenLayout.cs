namespace KvCache.Virtual;

/// <summary>How the keys and values of a sequence's tokens lie in a layer of a virtual cache.</summary>
public enum TokenLayout
{
    /// <summary>The keys are one range of addresses and the values another: what kernels expect that know no strides.</summary>
    Separate,

    /// <summary>
    /// The keys and the values of a token lie side by side, in one range: half as many calls to the system and half as many of its
    /// mappings, and groups of half as many tokens. Kernels must step by <see cref="KvLayerView.KeyTokenStride"/>.
    /// </summary>
    Interleaved,
}
