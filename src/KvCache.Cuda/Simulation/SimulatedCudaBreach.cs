namespace KvCache.Cuda.Simulation;

/// <summary>A place at which the driver's contract was broken.</summary>
/// <param name="Kind">How.</param>
/// <param name="Call">The number of the driver call at which it was noticed, from 1.</param>
/// <param name="Message">What was done, with the values.</param>
public sealed record SimulatedCudaBreach(SimulatedCudaBreachKind Kind, long Call, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"call {Call}: {Kind}: {Message}";
}
