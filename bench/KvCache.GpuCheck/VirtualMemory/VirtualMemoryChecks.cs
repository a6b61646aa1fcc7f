using KvCache.GpuCheck.Checks;

namespace KvCache.GpuCheck.VirtualMemory;

/// <summary>The checks of memory that is mapped: what is right first, what it costs after it.</summary>
internal static class VirtualMemoryChecks
{
    public static IReadOnlyList<IGpuCheck> All { get; } =
        [new VirtualMemoryContract(), new VirtualManager(), new VirtualAttention(), new DriverCosts(), new VirtualDecode()];
}
