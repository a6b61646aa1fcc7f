namespace KvCache.Serving.CostModels;

/// <summary>Published accelerators, each from NVIDIA's datasheet of it.</summary>
/// <remarks>
/// Arithmetic is dense float16 with float32 sums on tensor cores, without sparsity. Links are PCI Express 4.0 ×16, 32 GB/s each way, and 5.0 for
/// the H100, 64 GB/s; how much of that copies reach is <see cref="RooflineEfficiencies.Link"/>. Devices without NVLink exchange over the
/// same link.
/// </remarks>
public static class AcceleratorDevices
{
    private const double Pcie4 = 32e9;
    private const double Pcie5 = 64e9;

    /// <summary>Gets the L20: 48 GB, 119.5 TFLOP/s, 864 GB/s.</summary>
    public static AcceleratorDevice L20 { get; } = new("L20", 48_000_000_000, 119.5e12, 864e9, Pcie4, Pcie4) { ExchangesOverHostLink = true };

    /// <summary>Gets the L40S: 48 GB, 362 TFLOP/s, 864 GB/s.</summary>
    public static AcceleratorDevice L40S { get; } = new("L40S", 48_000_000_000, 362e12, 864e9, Pcie4, Pcie4) { ExchangesOverHostLink = true };

    /// <summary>Gets the A100 of 80 GB (SXM): 312 TFLOP/s, 2,039 GB/s, NVLink 3 of 300 GB/s each way.</summary>
    public static AcceleratorDevice A100With80G { get; } = new("A100-80G", 80_000_000_000, 312e12, 2_039e9, Pcie4, 300e9);

    /// <summary>Gets the H100 (SXM): 80 GB, 989.4 TFLOP/s, 3,350 GB/s, NVLink 4 of 450 GB/s each way.</summary>
    public static AcceleratorDevice H100 { get; } = new("H100", 80_000_000_000, 989.4e12, 3_350e9, Pcie5, 450e9);

    /// <summary>Gets the GeForce RTX 4090: 24 GB, 165.2 TFLOP/s, 1,008 GB/s.</summary>
    public static AcceleratorDevice Rtx4090 { get; } = new("RTX 4090", 24_000_000_000, 165.2e12, 1_008e9, Pcie4, Pcie4) { ExchangesOverHostLink = true };

    /// <summary>Gets the A40: 48 GB, 149.7 TFLOP/s, 696 GB/s, an NVLink bridge of 56.25 GB/s each way between two.</summary>
    public static AcceleratorDevice A40 { get; } = new("A40", 48_000_000_000, 149.7e12, 696e9, Pcie4, 56.25e9);

    /// <summary>Gets all of them.</summary>
    public static IReadOnlyList<AcceleratorDevice> All { get; } = [L20, L40S, A100With80G, H100, Rtx4090, A40];
}
