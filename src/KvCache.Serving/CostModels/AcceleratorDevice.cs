namespace KvCache.Serving.CostModels;

/// <summary>What an accelerator's datasheet says.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FlopsPerSecond">Dense multiply-add arithmetic on 16-bit elements with 32-bit sums, a multiply and an add counted as two.</param>
/// <param name="MemoryBytesPerSecond">Its memory's bandwidth.</param>
/// <param name="LinkBytesPerSecond">The bandwidth to the host, one way.</param>
/// <param name="PeerBytesPerSecond">The bandwidth to the other devices of a tensor-parallel group, one way.</param>
/// <remarks>Immutable.</remarks>
public sealed record AcceleratorDevice(
    string Name, long MemoryBytes, double FlopsPerSecond, double MemoryBytesPerSecond, double LinkBytesPerSecond, double PeerBytesPerSecond)
{
    /// <summary>Gets what every copy over the link to the host costs before its first byte.</summary>
    /// <value>Default: 6 µs, a copy's submission (cudaMemcpyAsync, 5 to 7 µs measured).</value>
    public TimeSpan LinkLatency { get; init; } = TimeSpan.FromMicroseconds(6);

    /// <summary>Gets what every exchange between the devices of a group costs before its first byte.</summary>
    /// <value>Default: 10 µs.</value>
    public TimeSpan PeerLatency { get; init; } = TimeSpan.FromMicroseconds(10);

    /// <summary>Gets whether devices of a group exchange over the link that leads to the host, so that copies and exchanges are in each other's way.</summary>
    /// <value>Default: false, a link of their own.</value>
    public bool ExchangesOverHostLink { get; init; }
}
