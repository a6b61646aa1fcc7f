namespace KvCache.Layerwise;

/// <summary>How many layers of a sequence a policy wants on the device.</summary>
/// <param name="Fewest">With fewer, time is lost; others make room as far as they have more than their own fewest. 0 … layers.</param>
/// <param name="Most">With more, nothing is gained; as many as fit are kept up to here. Fewest … layers.</param>
public readonly record struct PlacementRange(int Fewest, int Most);
