namespace KvCache.Layerwise;

/// <summary>Keeps a fixed number of layers, whatever else would fit: for ablations and tests. Stateless.</summary>
public sealed class FixedPlacement : IPlacementPolicy
{
    /// <summary>Makes a policy.</summary>
    /// <param name="layers">Layers to keep; at least 0. More than the model has means all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layers"/> is negative.</exception>
    public FixedPlacement(int layers)
    {
        Throw.IfLessThan(layers, 0, nameof(layers), nameof(layers));
        Layers = layers;
    }

    /// <summary>Gets the layers to keep.</summary>
    public int Layers { get; }

    /// <inheritdoc/>
    public PlacementRange Choose(in PlacementRequest request) =>
        new(Math.Min(Layers, request.Layers), Math.Min(Layers, request.Layers));
}
