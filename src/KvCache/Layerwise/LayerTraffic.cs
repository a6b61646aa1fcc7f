namespace KvCache.Layerwise;

/// <summary>What was copied for one layer since the last step began; copies between two steps count to the earlier one.</summary>
/// <param name="BytesToDevice">Bytes from the host to the device, repeated attempts included.</param>
/// <param name="BytesToHost">Bytes from the device to the host, repeated attempts included.</param>
public readonly record struct LayerTraffic(long BytesToDevice, long BytesToHost);
