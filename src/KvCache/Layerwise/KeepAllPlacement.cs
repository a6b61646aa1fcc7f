namespace KvCache.Layerwise;

/// <summary>Keeps every layer that fits: layers leave only where memory is short. Stateless.</summary>
public sealed class KeepAllPlacement : IPlacementPolicy
{
    /// <inheritdoc/>
    public PlacementRange Choose(in PlacementRequest request) => new(0, request.Layers);
}
