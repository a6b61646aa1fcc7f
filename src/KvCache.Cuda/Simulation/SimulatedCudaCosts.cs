namespace KvCache.Cuda.Simulation;

/// <summary>What the driver's calls cost on the virtual clock, in microseconds.</summary>
public sealed record SimulatedCudaCosts
{
    /// <summary>Gets the costs of an A100.</summary>
    /// <remarks>
    /// Mean, 99th percentile and worst of create, map, set access and unmap: kvcached, <c>bench_vmm</c>, 4,096 chunks of 2 MiB on one thread.
    /// Reserve: the same (8 GB). Release: 26 µs + 0.37 µs/MiB, a public microbenchmark. The stall of about 2 ms after large frees is that
    /// microbenchmark's; how much is large (1 GiB) and how often it stalls (one call in ten) are assumptions. Other calls: 1 µs, an assumption.
    /// </remarks>
    public static SimulatedCudaCosts A100 { get; } = new();

    /// <summary>Gets costs of nothing, for tests that count calls only.</summary>
    public static SimulatedCudaCosts Free { get; } = new()
    {
        Reserve = default,
        Create = default,
        Map = default,
        SetAccess = default,
        Unmap = default,
        Release = default,
        ReleasePerMebibyte = 0,
        Other = default,
        StallProbability = 0,
    };

    /// <summary>Gets the cost of reserving or freeing addresses.</summary>
    public SimulatedCudaCost Reserve { get; init; } = SimulatedCudaCost.Constant(19);

    /// <summary>Gets the cost of creating a chunk.</summary>
    public SimulatedCudaCost Create { get; init; } = new(193, 381, 493);

    /// <summary>Gets the cost of mapping a chunk.</summary>
    public SimulatedCudaCost Map { get; init; } = new(1.45, 5, 105);

    /// <summary>Gets the cost of giving access to one mapping; a call pays for each that it covers.</summary>
    public SimulatedCudaCost SetAccess { get; init; } = new(36, 54, 169);

    /// <summary>Gets the cost of unmapping one mapping; a call pays for each that it covers.</summary>
    public SimulatedCudaCost Unmap { get; init; } = new(25.6, 39, 126);

    /// <summary>Gets the cost of releasing a chunk, beside <see cref="ReleasePerMebibyte"/>.</summary>
    public SimulatedCudaCost Release { get; init; } = SimulatedCudaCost.Constant(26);

    /// <summary>Gets what releasing costs per mebibyte.</summary>
    public double ReleasePerMebibyte { get; init; } = 0.37;

    /// <summary>Gets the cost of any other call.</summary>
    public SimulatedCudaCost Other { get; init; } = SimulatedCudaCost.Constant(1);

    /// <summary>Gets how long the driver stalls now and then after much was released.</summary>
    public double Stall { get; init; } = 2_000;

    /// <summary>Gets how many released bytes make stalls possible, until one has occurred.</summary>
    public long StallAfterReleasedBytes { get; init; } = 1L << 30;

    /// <summary>Gets how likely such a stall is in each call that gives access or unmaps; 0 … 1.</summary>
    public double StallProbability { get; init; } = 0.1;
}
