namespace KvCache.Serving.CostModels;

/// <summary>How long a forward pass takes: what comes before the layers, the layers, all alike, and what comes after them.</summary>
/// <param name="Before">Until the first layer begins: scheduling, embedding.</param>
/// <param name="Layers">The number of layers; 0 where a model knows the whole only.</param>
/// <param name="PerLayer">One layer.</param>
/// <param name="After">After the last layer: final norm, output head, sampling.</param>
public readonly record struct StepCost(TimeSpan Before, int Layers, TimeSpan PerLayer, TimeSpan After)
{
    /// <summary>Gets how much of a layer's time devices exchange over the link that leads to the host, where they have no other.</summary>
    /// <value>Default: 0. At most <see cref="PerLayer"/>.</value>
    public TimeSpan PerLayerExchange { get; init; }

    /// <summary>Gets the whole.</summary>
    public TimeSpan Total => Before + (PerLayer * Layers) + After;
}
