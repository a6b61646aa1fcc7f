using KvCache.Cuda.Driver;

namespace KvCache.Cuda.Simulation;

/// <summary>A range of addresses behind which there is physical memory.</summary>
/// <param name="Address">Where it begins.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="Allocation">What is behind it.</param>
/// <param name="Access">What the device may do there.</param>
internal readonly record struct SimulatedMapping(ulong Address, ulong Bytes, SimulatedAllocation Allocation, CudaAccess Access)
{
    public ulong End => Address + Bytes;

    public override string ToString() => $"0x{Address:x} … 0x{End:x}";
}
