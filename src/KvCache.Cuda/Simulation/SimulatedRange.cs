namespace KvCache.Cuda.Simulation;

/// <summary>Device memory that simulated work touches.</summary>
/// <param name="Address">Its first byte.</param>
/// <param name="Bytes">Its length.</param>
public readonly record struct SimulatedRange(nint Address, long Bytes);
