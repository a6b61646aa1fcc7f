namespace KvCache.Cuda.Simulation;

/// <summary>Physical memory: it lives until its handle is released and nothing maps it.</summary>
internal sealed class SimulatedAllocation(ulong bytes, ulong physical)
{
    public ulong Bytes => bytes;

    public ulong Physical => physical;

    public bool IsReleased { get; set; }

    public int Mappings { get; set; }
}
