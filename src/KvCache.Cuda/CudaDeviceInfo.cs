namespace KvCache.Cuda;

/// <summary>A device as the driver describes it.</summary>
/// <param name="Ordinal">Its number, from 0.</param>
/// <param name="Name">Its name, such as "NVIDIA H100 80GB HBM3".</param>
/// <param name="ComputeCapability">Its compute capability, such as 9.0.</param>
/// <param name="TotalBytes">Its memory in bytes.</param>
/// <param name="SupportsVirtualMemory">Whether memory can be mapped, as <see cref="CudaVirtualMemory"/> needs it.</param>
public sealed record CudaDeviceInfo(int Ordinal, string Name, Version ComputeCapability, long TotalBytes, bool SupportsVirtualMemory)
{
    // Volta raised illegal addresses in kernels whose own pages were not touched: kvcached, issue 465.
    private static readonly Version Ampere = new(8, 0);

    /// <summary>Gets whether mappings may be changed while kernels run on other pages; from compute capability 8.0.</summary>
    public bool CanMapWhileRunning => ComputeCapability >= Ampere;
}
