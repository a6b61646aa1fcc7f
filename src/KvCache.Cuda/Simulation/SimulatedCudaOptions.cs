namespace KvCache.Cuda.Simulation;

/// <summary>What machine a <see cref="SimulatedCudaDriver"/> stands for.</summary>
public sealed record SimulatedCudaOptions
{
    private const int SmallestGranularity = 4096;

    /// <summary>Gets the device's memory in bytes; at least 1.</summary>
    /// <value>Default: 1 GiB.</value>
    public long MemoryBytes { get; init; } = 1L << 30;

    /// <summary>Gets the granularity of virtual memory in bytes; a power of two, at least 4,096, and with <see cref="HasMemory"/> a system page.</summary>
    /// <value>Default: 2 MiB, as on all GPUs so far. Small ones make tests fast.</value>
    public long GranularityBytes { get; init; } = 2L << 20;

    /// <summary>
    /// Gets whether addresses have bytes behind them, which the processor can read and write too; Linux only. Without, copies only count
    /// and any capacity costs nothing.
    /// </summary>
    /// <value>Default: false.</value>
    public bool HasMemory { get; init; }

    /// <summary>Gets when work runs that was submitted to a stream.</summary>
    /// <value>Default: <see cref="SimulatedCudaStreams.Lazy"/>.</value>
    public SimulatedCudaStreams Streams { get; init; } = SimulatedCudaStreams.Lazy;

    /// <summary>Gets the device's compute capability.</summary>
    /// <value>Default: 8.0.</value>
    public Version ComputeCapability { get; init; } = new(8, 0);

    /// <summary>Gets whether the device supports virtual memory.</summary>
    /// <value>Default: true.</value>
    public bool SupportsVirtualMemory { get; init; } = true;

    /// <summary>Gets how many mappings there can be at one time; the driver then refuses access to more, as out of memory.</summary>
    /// <value>Default: 520,000, as reported of an H100; with <see cref="HasMemory"/> at most 16,000, because the process has few more itself.</value>
    public int MappingLimit { get; init; } = 520_000;

    /// <summary>Gets what calls cost on the virtual clock.</summary>
    /// <value>Default: <see cref="SimulatedCudaCosts.A100"/>.</value>
    public SimulatedCudaCosts Costs { get; init; } = SimulatedCudaCosts.A100;

    /// <summary>Gets the seed of the costs' distribution.</summary>
    /// <value>Default: 1.</value>
    public int Seed { get; init; } = 1;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MemoryBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MappingLimit, 1);
        ArgumentNullException.ThrowIfNull(Costs);
        ArgumentNullException.ThrowIfNull(ComputeCapability);
        int least = HasMemory ? Math.Max(SmallestGranularity, Environment.SystemPageSize) : SmallestGranularity;
        if (GranularityBytes < least || !long.IsPow2(GranularityBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(GranularityBytes), GranularityBytes, $"GranularityBytes is {GranularityBytes}; expected a power of two of at least {least}.");
        }

        if (!Enum.IsDefined(Streams))
        {
            throw new ArgumentOutOfRangeException(nameof(Streams), Streams, $"Streams is {Streams}; expected Lazy or Eager.");
        }

        if (HasMemory && !OperatingSystem.IsLinux())
        {
            throw new PlatformNotSupportedException("A simulated device with memory needs Linux (memfd_create and mmap); set HasMemory to false.");
        }
    }
}
