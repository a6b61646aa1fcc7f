namespace KvCache.Layerwise;

/// <summary>A sequence that could give up a layer on the device.</summary>
/// <param name="Age">Rises with every sequence that is opened: the highest is the youngest.</param>
/// <param name="Tokens">Tokens that the sequence has.</param>
/// <param name="LayersKept">Layers that it keeps on the device; at least 1.</param>
/// <param name="FewestLayers">Layers below which its policy would not have it.</param>
public readonly record struct OffloadCandidate(long Age, int Tokens, int LayersKept, int FewestLayers)
{
    /// <summary>Gets whether the sequence keeps more than its policy asks for.</summary>
    public bool HasExcess => LayersKept > FewestLayers;
}
