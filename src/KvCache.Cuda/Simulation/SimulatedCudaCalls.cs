namespace KvCache.Cuda.Simulation;

/// <summary>How often a function of the driver was called, and what it cost.</summary>
/// <param name="EntryPoint">Its name, such as "cuMemMap".</param>
/// <param name="Count">How often it was called.</param>
/// <param name="Refused">How often it answered with an error.</param>
/// <param name="Total">The sum of its times on the virtual clock.</param>
/// <param name="Worst">The longest of them.</param>
public sealed record SimulatedCudaCalls(string EntryPoint, long Count, long Refused, TimeSpan Total, TimeSpan Worst);
