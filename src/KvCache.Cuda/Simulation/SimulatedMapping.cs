using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>A range of addresses behind which there is physical memory.</summary>
internal sealed class SimulatedMapping(ulong address, ulong bytes, SimulatedAllocation allocation)
{
    public ulong Address => address;

    public ulong Bytes => bytes;

    public ulong End => address + bytes;

    public SimulatedAllocation Allocation => allocation;

    public CudaAccess Access { get; set; }
}
